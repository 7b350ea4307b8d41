#!/bin/sh
# Installs the databases that Tidegauge is measured beside. Needs root and Debian 12 (or a relative of it).
#
#   postgresql-15        what most people keep such events in; its acknowledgement is durable, as ours is
#   clickhouse-server    what people move to when that gets slow; 18.16 is the version Debian ships
#   clickhouse-client    brings the clickhouse user and a prompt to look around with; the bench itself speaks HTTP
#   duckdb               from PyPI, in a virtual environment of its own: answers the same reports of the same segments
#
# None is left running as a service: the bench starts its own on free loopback ports, with fresh data
# directories, and stops them by process id.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "install-peers.sh: run it as root (it calls apt-get)" >&2
    exit 1
fi

# A refusal of policy-rc.d keeps the packages from starting their services; an existing one is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi

missing=""
[ -x /usr/lib/postgresql/15/bin/postgres ] || missing="$missing postgresql-15"
[ -x /usr/sbin/clickhouse-server ] || [ -x /usr/bin/clickhouse-server ] || missing="$missing clickhouse-server clickhouse-client"
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3 python3-venv"
if [ -n "$missing" ]; then
    echo "install-peers.sh: installing$missing"
    apt-get update
    # shellcheck disable=SC2086 # the list is meant to split
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

here=$(dirname "$0")
if ! cmp -s "$here/duckdb/requirements.txt" "$here/.venv/installed"; then
    echo "install-peers.sh: installing DuckDB into $here/.venv"
    rm -rf "$here/.venv"
    python3 -m venv "$here/.venv"
    "$here/.venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/duckdb/requirements.txt"
    cp "$here/duckdb/requirements.txt" "$here/.venv/installed"
fi
echo "install-peers.sh: all are here"
