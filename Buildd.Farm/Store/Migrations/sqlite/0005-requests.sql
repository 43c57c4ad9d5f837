-- What people have asked for: a row beside each build that is in an archive.

CREATE TABLE request (
    build INTEGER NOT NULL PRIMARY KEY REFERENCES build (id),
    requester INTEGER REFERENCES person (id),
    archive INTEGER NOT NULL REFERENCES archive (id),
    architecture INTEGER NOT NULL REFERENCES architecture (id),
    pocket TEXT NOT NULL,
    component TEXT NOT NULL,
    version TEXT NOT NULL,
    livefs INTEGER REFERENCES livefs (id),
    unique_key TEXT,
    metadata_override TEXT NOT NULL,
    identity TEXT,
    apt_lines TEXT NOT NULL,
    apt_attempt INTEGER NOT NULL
) STRICT;

CREATE INDEX request_by_archive ON request (archive, build);
CREATE INDEX request_by_livefs ON request (livefs, architecture, build) WHERE livefs IS NOT NULL;
CREATE INDEX request_by_requester ON request (requester, build) WHERE requester IS NOT NULL;

-- What tells a request from another; of those with one identity at most one waits.
CREATE INDEX request_by_identity ON request (identity, build) WHERE identity IS NOT NULL;
