"""Exports spans with OpenTelemetry's own SDK and prints what the exporter made of each answer.

From the environment: whatever the SDK reads there (OTEL_EXPORTER_OTLP_HEADERS, ...). Argument: JSON, {"resource":
attributes, "spans": [{"kind", "start", "end", "error", "attributes"}], "times": how often they are exported}, instants in
nanoseconds. Prints a JSON list: the exporter's result of each export.
"""

import json
import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

job = json.loads(sys.argv[1])
made = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create(job["resource"]))
provider.add_span_processor(SimpleSpanProcessor(made))
tracer = provider.get_tracer("tests")
for one in job["spans"]:
    kind = SpanKind[one.get("kind", "SERVER")]
    span = tracer.start_span(one.get("name", "GET"), kind=kind, start_time=one["start"], attributes=one["attributes"])
    if one.get("error"):
        span.set_status(Status(StatusCode.ERROR, "failed"))
    span.end(end_time=one["end"])
exporter = OTLPSpanExporter(timeout=10)
spans = made.get_finished_spans()
print(json.dumps([exporter.export(spans).name for _ in range(job.get("times", 1))]))
