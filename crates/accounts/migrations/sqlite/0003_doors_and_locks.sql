-- Keys: limits of their own, when each was used last, and what took a rotated one's place.
-- `limits` is KeyLimits as JSON; what it leaves out is the tenant's or the server's.
ALTER TABLE api_keys ADD COLUMN limits TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(limits));
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_keys ADD COLUMN replaced_by TEXT REFERENCES api_keys (id);
CREATE INDEX api_keys_by_age ON api_keys (created_at, id);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at, id);

-- `settings` is TenantSettings as JSON: one column for all of them, so that another setting needs no other table.
CREATE TABLE tenant_settings_as_json (
    tenant   TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    settings TEXT    NOT NULL CHECK (json_valid(settings)),
    change   INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_settings_as_json (tenant, settings, change)
    SELECT tenant, json_object('idle_timeout_seconds', idle_timeout_seconds), change FROM tenant_settings;
DROP TABLE tenant_settings;
ALTER TABLE tenant_settings_as_json RENAME TO tenant_settings;

-- Who changed what, and when. Rows are added and never touched again.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    tenant  TEXT,
    target  TEXT,
    details TEXT    NOT NULL CHECK (json_valid(details))
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
