-- The tables of migrations/sqlite as they stand after number 3, in PostgreSQL's types; from here on both folders go
-- on in step. Texts sort by their bytes, as in SQLite. Times are Unix microseconds, UTC.

CREATE TABLE tenants (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_.:-]{1,128}$' AND id !~ '\n'),
    created_at BIGINT NOT NULL
);

CREATE TABLE projects (
    tenant     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id         TEXT COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9_.:-]{1,128}$' AND id !~ '\n'),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- `digest` is the SHA-256 of the whole key text; the text itself is nowhere.
-- `change` is the number of the key's last change: it grows by one with every creation and revocation
-- in this database, so that a reader asks for what came after the last one it saw. It relies on rows
-- never being deleted.
-- `limits` is KeyLimits as JSON; what it leaves out is the tenant's or the server's.
CREATE TABLE api_keys (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    digest       BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    prefix       TEXT NOT NULL,
    name         TEXT,
    tenant       TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    project      TEXT COLLATE "C",
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT,
    change       BIGINT NOT NULL UNIQUE,
    limits       TEXT NOT NULL DEFAULT '{}' CHECK (limits::json IS NOT NULL),
    last_used_at BIGINT,
    replaced_by  TEXT COLLATE "C" REFERENCES api_keys (id),
    FOREIGN KEY (tenant, project) REFERENCES projects (tenant, id)
);
CREATE INDEX api_keys_by_age ON api_keys (created_at, id);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at, id);

-- `settings` is TenantSettings as JSON. `change` is the number of the row's last change, as in `api_keys`.
CREATE TABLE tenant_settings (
    tenant   TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenants (id),
    settings TEXT NOT NULL CHECK (settings::json IS NOT NULL),
    change   BIGINT NOT NULL UNIQUE
);

-- Who changed what, and when. Rows are added and never touched again.
CREATE TABLE audit (
    id      BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    tenant  TEXT COLLATE "C",
    target  TEXT,
    details TEXT NOT NULL CHECK (details::json IS NOT NULL)
);
CREATE INDEX audit_by_tenant ON audit (tenant, id);
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
