-- What people have asked for: a row beside each build that is in an archive.

CREATE TABLE request (
    build BIGINT NOT NULL PRIMARY KEY REFERENCES build (id),
    requester BIGINT REFERENCES person (id),
    archive BIGINT NOT NULL REFERENCES archive (id),
    architecture BIGINT NOT NULL REFERENCES architecture (id),
    pocket TEXT COLLATE "C" NOT NULL,
    component TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    livefs BIGINT REFERENCES livefs (id),
    unique_key TEXT COLLATE "C",
    metadata_override TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C",
    apt_lines TEXT COLLATE "C" NOT NULL,
    apt_attempt BIGINT NOT NULL
);

CREATE INDEX request_by_archive ON request (archive, build);
CREATE INDEX request_by_livefs ON request (livefs, architecture, build) WHERE livefs IS NOT NULL;
CREATE INDEX request_by_requester ON request (requester, build) WHERE requester IS NOT NULL;

-- What tells a request from another; of those with one identity at most one waits.
CREATE INDEX request_by_identity ON request (identity, build) WHERE identity IS NOT NULL;
