"""What Schemathesis has to know beside the document.

The document says what to send. Two things it cannot say stand here: rules between parameters, and how lenient the
server is with what it is not told to take. So what the document allows must be taken (mode `positive`), and what even
the lenient reading forbids must be refused (mode `negative`); between the two either is right.
"""

import os
from datetime import datetime

import schemathesis
from hypothesis import strategies as st

NEGATIVE = os.environ["TIDEGAUGE_MODE"] == "negative"
SCALARS = ["string", "number", "boolean", "null"]

# A gateway's instants end before the year 9999 does, whatever their offset: a format has no bounds.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
)
schemathesis.openapi.format("ip", st.ip_addresses().map(str))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # A stream has no end, and an ordinary client waits for it: tests/live_stream.rs reads them.
    raw_schema["paths"] = {path: item for path, item in raw_schema["paths"].items() if not path.startswith("/api/v1/live")}
    for item in raw_schema["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            # JSON under another name, SQL, and protobuf: nothing generates these from a schema.
            content.pop("text/plain", None)
            content.pop("application/sql", None)
            content.pop("application/x-protobuf", None)
            if NEGATIVE:
                # With `Prefer: handling=lenient` bad items are counted in a 200.
                named = [one for one in operation.get("parameters", []) if one["name"] != "Prefer"]
                operation["parameters"] = [widened(parameter) for parameter in named]
    schemas = raw_schema["components"]["schemas"]
    if not NEGATIVE:
        apart_from_null(schemas)
    if NEGATIVE:
        for name in ["TrackEvent", "TrackEventBatch", "ConnectionMessage", "ApiRequest"]:
            widen_as_pydantic_does(schemas[name])
        for name in ["SignalRecord", "SignalEvent", "SignalSession", "SignalClient"]:
            widen_as_javascript_does(schemas[name])
        # Spans that cannot be read are rejected one by one, in an answer that is a 200.
        spans = {"type": ["array", "null"], "items": {}}
        schemas["ExportTraceServiceRequest"] = {"type": ["object", "array"], "properties": {"resourceSpans": spans}}


def apart_from_null(schema):
    """The same in words by which a time is generated: of several types the format is not looked at."""
    if isinstance(schema, list):
        for inner in schema:
            apart_from_null(inner)
    elif isinstance(schema, dict):
        for inner in schema.values():
            apart_from_null(inner)
        if schema.get("type") == ["string", "null"] and "format" in schema:
            schema.pop("type")
            schema["anyOf"] = [{"type": "string", "format": schema.pop("format")}, {"type": "null"}]


def types(schema):
    of = schema.get("type", [])
    return [of] if isinstance(of, str) else list(of)


def widen_as_pydantic_does(schema):
    """`"1"` and `1.0` are integers, `"yes"` and `0` booleans, dates and Unix numbers times."""
    for inner in schema.get("properties", {}).values():
        widen_as_pydantic_does(inner)
    for inner in schema.get("anyOf", []):
        widen_as_pydantic_does(inner)
    own = types(schema)
    if "integer" in own:
        schema["type"] = [*own, "string", "number", "boolean"]
        schema.pop("enum", None)
    elif "boolean" in own:
        schema["type"] = [*own, "string", "number"]
    elif schema.get("format") == "date-time":
        schema["type"] = [*own, "number"]
        schema.pop("format")


def widen_as_javascript_does(schema):
    """A number, a flag and a text pass for each other, and an empty text for nothing."""
    if "object" not in types(schema) and types(schema):
        schema["type"] = SCALARS
        schema.pop("format", None)
        schema.pop("minLength", None)
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("allOf", [])]:
        widen_as_javascript_does(inner)


def widened(parameter):
    """An empty parameter of a query is an absent one, and names are read without regard to their case."""
    schema = parameter["schema"]
    if schema.get("format") in ("date-time", "uuid"):
        schema.pop("format")
    if parameter["name"] in ("by", "activeOnly"):
        parameter["schema"] = schema = {"type": "string"}
    if parameter["in"] == "query" and parameter["name"] != "distinctColumns":
        parameter["schema"] = {"anyOf": [schema, {"type": "string", "maxLength": 0}]}
    return parameter


@schemathesis.hook
def before_call(context, case, kwargs):
    """What the document allows one by one, and rules between parameters forbid together."""
    if NEGATIVE:
        return
    query, path = case.query or {}, case.path_parameters or {}
    # A cursor is one that was given.
    query.pop("cursor", None)
    # A period has one name, and a start that is not after its end.
    if "minutes" in query:
        query.pop("timeStart", None)
        query.pop("timeEnd", None)
    if "timeStart" in query and "timeEnd" in query:
        query["timeStart"], query["timeEnd"] = sorted([query["timeStart"], query["timeEnd"]])
    # Not every month has a 31st day.
    if "start_day" in path:
        days = [[int(path[f"{end}_{part}"]) for part in ("year", "month", "day")] for end in ("start", "end")]
        for end, (year, month, day) in zip(("start", "end"), sorted(days)):
            path.update({f"{end}_year": year, f"{end}_month": month, f"{end}_day": min(day, 28)})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A parameter that no route knows is ignored: an older server must not fail a newer client."""
    return "x-schemathesis-unknown-property" not in (case.query or {})
