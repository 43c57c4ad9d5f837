-- People, what they own, and who changed what.
--
-- People and teams are rows of one table, since they share one name space and may own the same things.

CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    is_team INTEGER NOT NULL,
    is_private INTEGER NOT NULL,
    state INTEGER NOT NULL,
    owner INTEGER REFERENCES person (id),
    created INTEGER NOT NULL,
    CHECK (is_team OR (owner IS NULL AND NOT is_private)),
    CHECK (NOT is_team OR owner IS NOT NULL)
) STRICT;

CREATE INDEX person_by_owner ON person (owner) WHERE owner IS NOT NULL;

-- The teams that have a part in the farm's rights: see Role. What they are called is fixed, so nobody else can have the names.
-- So is when they were made (2026-11-30): two new stores have the same rows, by which a copy knows that nothing else was stored.
INSERT INTO person (id, name, display_name, description, is_team, is_private, state, owner, created) VALUES
    (1, 'admins', 'Administrators', 'May do everything.', 1, 0, 1, 1, 639315936000000000),
    (2, 'buildd-admins', 'Build farm administrators', 'Look after builders, and after builds of all archives.', 1, 0, 1, 1, 639315936000000000),
    (3, 'ppa-admins', 'Archive administrators', 'Look after archives and live filesystems of others.', 1, 0, 1, 1, 639315936000000000);

-- A name that somebody had before: it goes on to mean them.
CREATE TABLE former_name (
    name TEXT NOT NULL PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person (id)
) STRICT;

CREATE TABLE address (
    address TEXT NOT NULL PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person (id),
    is_preferred INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX address_in_any_case ON address (lower(address));
CREATE INDEX address_by_person ON address (person);
CREATE UNIQUE INDEX address_preferred ON address (person) WHERE is_preferred;

-- Apart from people, so that no listing of them can have it.
CREATE TABLE password (
    person INTEGER NOT NULL PRIMARY KEY REFERENCES person (id),
    hash TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE TABLE membership (
    team INTEGER NOT NULL REFERENCES person (id),
    member INTEGER NOT NULL REFERENCES person (id),
    state INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    expires INTEGER,
    changed INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (team, member),
    CHECK (team <> member)
) STRICT;

CREATE INDEX membership_by_member ON membership (member, state);

CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person (id),
    key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    consumer TEXT NOT NULL,
    level INTEGER NOT NULL,
    created INTEGER NOT NULL,
    last_used INTEGER,
    expires INTEGER,
    revoked INTEGER
) STRICT;

CREATE INDEX token_by_person ON token (person);

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor INTEGER REFERENCES person (id),
    actor_name TEXT NOT NULL,
    origin TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    changes TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_subject ON audit (kind, subject, id);
CREATE INDEX audit_by_actor ON audit (actor_name, id);

CREATE TABLE distribution (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    aliases TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    distribution INTEGER NOT NULL REFERENCES distribution (id),
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    status INTEGER NOT NULL,
    aliases TEXT NOT NULL,
    nominated TEXT,
    created INTEGER NOT NULL,
    UNIQUE (distribution, name)
) STRICT;

CREATE TABLE architecture (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    series INTEGER NOT NULL REFERENCES series (id),
    tag TEXT NOT NULL,
    processor TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    official INTEGER NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (series, tag)
) STRICT;

CREATE TABLE archive (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL REFERENCES person (id),
    distribution INTEGER NOT NULL REFERENCES distribution (id),
    name TEXT NOT NULL,
    purpose INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    is_private INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    require_virtualized INTEGER NOT NULL,
    relative_score INTEGER NOT NULL,
    allow_rebuilds INTEGER NOT NULL,
    components TEXT NOT NULL,
    architectures TEXT NOT NULL,
    url TEXT,
    external_lines TEXT NOT NULL,
    signing_key TEXT,
    publication TEXT,
    created INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX archive_primary ON archive (distribution) WHERE purpose = 1;
CREATE UNIQUE INDEX archive_of_owner ON archive (owner, distribution, name) WHERE purpose <> 1;
CREATE UNIQUE INDEX archive_copy ON archive (distribution, name) WHERE purpose = 6;
CREATE INDEX archive_by_distribution ON archive (distribution, name);

CREATE TABLE archive_dependency (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    archive INTEGER NOT NULL REFERENCES archive (id),
    dependency INTEGER NOT NULL REFERENCES archive (id),
    pocket TEXT NOT NULL,
    component TEXT,
    UNIQUE (archive, dependency),
    CHECK (archive <> dependency)
) STRICT;

CREATE INDEX archive_dependency_by_dependency ON archive_dependency (dependency);

CREATE TABLE livefs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registrant INTEGER NOT NULL REFERENCES person (id),
    owner INTEGER NOT NULL REFERENCES person (id),
    series INTEGER NOT NULL REFERENCES series (id),
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    is_private INTEGER NOT NULL,
    require_virtualized INTEGER NOT NULL,
    relative_score INTEGER NOT NULL,
    keep_days INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    UNIQUE (owner, series, name)
) STRICT;

CREATE INDEX livefs_by_name ON livefs (name, id);
CREATE INDEX livefs_by_series ON livefs (series);
