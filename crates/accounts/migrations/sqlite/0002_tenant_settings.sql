-- What a tenant has otherwise than the server's defaults; NULL is the default, and so is a missing row.
-- `change` is the number of the row's last change, as in `api_keys`: it relies on rows never being deleted.

CREATE TABLE tenant_settings (
    tenant               TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    idle_timeout_seconds INTEGER CHECK (idle_timeout_seconds BETWEEN 1 AND 86400),
    change               INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
