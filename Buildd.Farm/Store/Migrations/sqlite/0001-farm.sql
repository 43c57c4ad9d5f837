-- Builders, builds and chroots of a farm.
--
-- Times are ticks of 100 ns since the year 1, UTC: what .NET's DateTimeOffset.UtcTicks has, so that nothing is rounded.
-- For people: datetime(created / 10000000 - 62135596800, 'unixepoch').
-- States have the numbers that Launchpad stores; see BuildState, QueueState and CleanState.
-- Lists are JSON arrays.

-- Builders are removed, so their revisions need a memory of their own.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter (name, value) VALUES ('builder-revision', 0);

CREATE TABLE builder (
    name TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    url TEXT NOT NULL,
    processors TEXT NOT NULL,
    virtualized INTEGER NOT NULL,
    vm_host TEXT,
    vm_reset_protocol INTEGER,
    in_service INTEGER NOT NULL,
    fail_notes TEXT,
    manual INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    version TEXT,
    clean INTEGER NOT NULL,
    clean_changed INTEGER,
    open_resources TEXT NOT NULL,
    restricted_resources TEXT NOT NULL,
    unable_to TEXT NOT NULL,
    lease_owner TEXT,
    lease_expires INTEGER
) STRICT;

-- AUTOINCREMENT: a number is never given again, also if a row was taken out by hand; it is in the name of a build for ever.
CREATE TABLE build (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    job_type TEXT NOT NULL,
    manager TEXT NOT NULL,
    title TEXT NOT NULL,
    subject TEXT NOT NULL,
    owner TEXT NOT NULL,
    archive TEXT NOT NULL,
    distribution TEXT NOT NULL,
    processor TEXT,
    virtualized INTEGER NOT NULL,
    resources TEXT NOT NULL,
    state INTEGER NOT NULL,
    queue INTEGER,
    score INTEGER NOT NULL,
    scored_by_hand INTEGER NOT NULL,
    estimated_duration INTEGER NOT NULL,
    created INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    not_before INTEGER,
    started INTEGER,
    first_dispatched INTEGER,
    finished INTEGER,
    builder TEXT,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    given_back INTEGER NOT NULL,
    cancel_requested INTEGER,
    leaf TEXT,
    log_name TEXT,
    upload_log_name TEXT,
    dependencies TEXT NOT NULL,
    reason TEXT,
    files TEXT NOT NULL,
    unique_key TEXT
) STRICT;

CREATE UNIQUE INDEX build_by_revision ON build (revision);
CREATE UNIQUE INDEX build_by_key ON build (unique_key) WHERE unique_key IS NOT NULL;
CREATE UNIQUE INDEX build_on_builder ON build (builder) WHERE queue IN (1, 2); -- one at a time: RUNNING, CANCELLING
CREATE INDEX build_in_queue ON build (queue) WHERE queue IS NOT NULL;
CREATE INDEX build_by_state ON build (state);
CREATE INDEX build_by_builder ON build (builder) WHERE builder IS NOT NULL;
CREATE INDEX build_by_subject ON build (subject);
CREATE INDEX build_by_owner ON build (owner);

-- Apart from the builds, whose rows are written at each change: a specification never is.
CREATE TABLE specification (
    build INTEGER PRIMARY KEY REFERENCES build (id),
    bytes BLOB NOT NULL
) STRICT;

-- The files are in the folder inputs/, by their SHA-1.
CREATE TABLE chroot (
    series TEXT NOT NULL,
    arch_tag TEXT NOT NULL,
    name TEXT NOT NULL,
    sha1 TEXT NOT NULL,
    size INTEGER NOT NULL,
    added INTEGER NOT NULL,
    PRIMARY KEY (series, arch_tag)
) STRICT;
