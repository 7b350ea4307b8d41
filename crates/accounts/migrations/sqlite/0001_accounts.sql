-- Tenants, their projects and their API keys. Times are Unix microseconds, UTC.
-- The CHECKs on ids repeat tidegauge_facts::is_valid_id for whoever edits this file by hand.

CREATE TABLE tenants (
    id         TEXT    NOT NULL PRIMARY KEY
               CHECK (length(id) BETWEEN 1 AND 128 AND id NOT GLOB '*[^A-Za-z0-9_.:-]*'),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    id         TEXT    NOT NULL
               CHECK (length(id) BETWEEN 1 AND 128 AND id NOT GLOB '*[^A-Za-z0-9_.:-]*'),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- `digest` is the SHA-256 of the whole key text; the text itself is nowhere.
-- `change` is the number of the key's last change: it grows by one with every creation and revocation
-- in this database, so that a reader asks for what came after the last one it saw. It relies on rows
-- never being deleted.
CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    digest     BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    prefix     TEXT    NOT NULL,
    name       TEXT,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    project    TEXT,
    scopes     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    change     INTEGER NOT NULL UNIQUE,
    FOREIGN KEY (tenant, project) REFERENCES projects (tenant, id)
) STRICT;
