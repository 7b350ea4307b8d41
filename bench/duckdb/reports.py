"""Asks DuckDB what the case `reports` asks Tidegauge, of the same segments.

    reports.py SEGMENTS < questions.json > answers.json

Each question is asked of tables in memory, loaded and sorted beforehand, and of the Parquet files in place: views of the
same names. It is asked on two threads, until three seconds are over; the first time does not count. What is answered stays in a
temporary table, but for the lists, which are written to /dev/null as the JSON array that an API would send.
"""

import json
import statistics
import sys
import time

import duckdb

THREADS = 2
ENOUGH_S = 3.0
LEAST_TIMES = 3
MOST_TIMES = 50

# Columns that the reports look at or answer. A segment leaves out a column that none of its rows fills.
EVENTS = """event_time, event_id, event_name, session_id, client_id, installation_id, device_id, space_id, interaction,
    product_id, category_id, int1, str1"""
SESSIONS = """session_id, event_time, environment, data_residency, country, space_id, app_id, app_version,
    installation_version, installation_id, device_id, client_id, ip, location_accuracy, latitude, longitude"""
MESSAGES = "connection_id, event_time, state, service_name, protocol_name, data_center, opened_at, api_key_hash"
# A connection's life: what Tidegauge keeps of its messages too. The newest message says whether it is open.
LIVES = """SELECT connection_id, any_value(service_name) AS service, any_value(protocol_name) AS protocol,
    any_value(data_center) AS data_center, any_value(api_key_hash) AS key, min(opened_at) AS opened,
    CASE WHEN bool_or(state = 'close') THEN max(event_time) END AS closed, max(event_time) AS last
    FROM messages GROUP BY connection_id"""

# Wire names of the columns that events are told apart by: the event's own, else its session's.
COLUMNS = {
    "eventType": "e.event_name",
    "productId": "e.product_id",
    "interaction": "e.interaction",
    "sessionId": "e.session_id",
    "clientId": "coalesce(e.client_id, s.client_id)",
    "deviceId": "coalesce(e.device_id, s.device_id)",
    "spaceId": "coalesce(e.space_id, s.space_id)",
    "installationId": "coalesce(e.installation_id, s.installation_id)",
}
OF_SESSION = {"clientId", "deviceId", "spaceId", "installationId"}

DAY_AGO = "now() - INTERVAL 24 HOUR"
JOINED = """coalesce(e.client_id, s.client_id) AS clientId, s.data_residency AS dataResidency, s.ip AS ip"""
EVENT = f"""e.event_time AS eventTime, e.session_id AS sessionId, e.event_name AS eventType, e.interaction,
    e.product_id AS productId, e.category_id AS categoryId, e.int1, e.str1, {JOINED}"""
NEWEST_FIRST = "ORDER BY e.event_time DESC, e.event_id DESC"


def latest_event(columns, place):
    """The place of each combination's newest event first, and only then its other columns: DuckDB's fastest way."""
    names = [COLUMNS[name] for name in columns]
    join = "LEFT JOIN sessions s USING (session_id)" if OF_SESSION & set(columns) else ""
    return f"""
        WITH newest AS (
            SELECT arg_max({place}, e.event_time) AS place FROM events e {join}
            WHERE e.event_time > {DAY_AGO} GROUP BY {', '.join(names)})
        SELECT coalesce(e.installation_id, s.installation_id) AS installationId,
            coalesce(e.device_id, s.device_id) AS deviceId, coalesce(e.space_id, s.space_id) AS spaceId, {EVENT}
        FROM events e LEFT JOIN sessions s USING (session_id)
        WHERE {place} IN (SELECT place FROM newest) {NEWEST_FIRST}"""


def statement(question, place):
    """The SQL of a question."""
    match question["name"]:
        case "analytics":
            return """SELECT (SELECT count(*) FROM events) AS rows, count(*) FILTER (closed IS NULL) AS sum,
                greatest(max(last), (SELECT max(event_time) FROM events)) AS last FROM lives"""
        case "history":
            return """SELECT date_trunc('hour', event_time) AS start, count(*) AS events FROM events
                WHERE event_time >= date_trunc('hour', now()) - INTERVAL 23 HOUR GROUP BY start ORDER BY start"""
        case "throughput":
            return f"""SELECT event_name AS name, count(*) AS events FROM events
                WHERE event_time > {DAY_AGO} AND event_time <= now() GROUP BY name"""
        case "summary":
            return f"""SELECT service, protocol, data_center, count(*) AS total,
                count(*) FILTER (opened >= {DAY_AGO}) AS new, count(DISTINCT key) AS keys,
                count(*) FILTER (closed IS NULL) AS open,
                floor(avg(epoch_us(coalesce(closed, now())) - epoch_us(opened)) / 1e6) AS mean,
                floor(sum(epoch_us(coalesce(closed, now())) - epoch_us(greatest(opened, {DAY_AGO}))) / 1e6) AS time,
                min(opened) AS first, max(opened) AS newest, max(last) AS last
                FROM lives WHERE opened <= now() AND (closed IS NULL OR closed >= {DAY_AGO})
                GROUP BY service, protocol, data_center ORDER BY service, protocol, data_center"""
        case "session":
            return f"""SELECT session_id AS sessionId, event_time AS sessionCreated, environment,
                data_residency AS dataResidency, country, space_id AS spaceId, app_id AS appId,
                app_version AS appVersion, installation_version AS installationVersion,
                installation_id AS installationId, device_id AS deviceId, client_id AS clientId, ip,
                location_accuracy AS locationAccuracy, latitude, longitude
                FROM sessions WHERE event_time > {DAY_AGO} ORDER BY event_time DESC, session_id DESC"""
        case "event":
            return f"""SELECT {EVENT} FROM events e LEFT JOIN sessions s USING (session_id)
                WHERE e.event_time > {DAY_AGO} {NEWEST_FIRST}"""
        case "latest-event":
            return latest_event(question["columns"], place)
    raise ValueError(question["name"])


# What is compared with our own answer: rows and a sum over them.
COMPARED = {
    "analytics": "SELECT any_value(rows), any_value(sum) FROM answer",
    "history": "SELECT count(*), sum(events) FROM answer",
    "throughput": "SELECT count(*), sum(events) FROM answer",
    "summary": "SELECT count(*), sum(total) FROM answer",
    "session": "SELECT count(*), sum(locationAccuracy) FROM answer",
    "event": "SELECT count(*), sum(int1) FROM answer",
    "latest-event": "SELECT count(*), sum(int1) FROM answer",
}
LISTS = {"session", "event"}


def ask(database, question, place):
    """Median milliseconds, and the answer's rows and sum."""
    query = statement(question, place)
    table = f"CREATE OR REPLACE TEMP TABLE answer AS {query}"
    database.execute(table)
    compared = tuple(int(number) for number in database.execute(COMPARED[question["name"]]).fetchone())
    if question["name"] in LISTS:
        database.execute("DROP TABLE answer")
        table = f"COPY ({query}) TO '/dev/null' (FORMAT json, ARRAY true)"
    times, began = [], time.perf_counter()
    while len(times) < LEAST_TIMES or (len(times) < MOST_TIMES and time.perf_counter() - began < ENOUGH_S):
        start = time.perf_counter()
        database.execute(table)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), compared


def connect():
    database = duckdb.connect(":memory:", config={"threads": THREADS})
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET enable_progress_bar = false")
    return database


def main():
    segments, questions = sys.argv[1], json.load(sys.stdin)
    files = lambda table, more="": f"read_parquet('{segments}/{table}-*.parquet', union_by_name = true{more})"
    in_memory, in_place = connect(), connect()
    in_memory.execute(f"CREATE TABLE events AS SELECT {EVENTS} FROM {files('events')} ORDER BY event_time")
    in_memory.execute(f"CREATE TABLE sessions AS SELECT {SESSIONS} FROM {files('sessions')} ORDER BY event_time")
    in_memory.execute(f"CREATE VIEW messages AS SELECT {MESSAGES} FROM {files('connections')}")
    in_memory.execute(f"CREATE TABLE lives AS {LIVES}")
    numbered = files("events", ", file_row_number = true, filename = true")
    in_place.execute(f"CREATE VIEW events AS SELECT {EVENTS}, filename, file_row_number FROM {numbered}")
    in_place.execute(f"CREATE VIEW sessions AS SELECT {SESSIONS} FROM {files('sessions')}")
    in_place.execute(f"CREATE VIEW messages AS SELECT {MESSAGES} FROM {files('connections')}")
    in_place.execute(f"CREATE VIEW lives AS {LIVES}")
    answers = []
    for question in questions:
        memory_ms, compared = ask(in_memory, question, "e.rowid")
        parquet_ms, again = ask(in_place, question, "(e.filename, e.file_row_number)")
        if compared != again:
            raise SystemExit(f"{question}: {compared} in memory, {again} in place")
        answers.append(
            {"memory_ms": memory_ms, "parquet_ms": parquet_ms, "rows": compared[0], "sum": compared[1]}
        )
    json.dump(answers, sys.stdout)


main()
