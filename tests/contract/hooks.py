"""What schemathesis has to be told of this API."""

import json

import jsonschema_rs
import schemathesis

# The kinds of event that the server gives out; those that somebody published have names and data of their own.
KINDS = {"row", "problem", "progress", "toast", "stage", "profile", "gap"}


@schemathesis.serializer("application/offset+octet-stream", "text/csv")
def bytes_of_a_file(_, value):
    """A piece of a file is its bytes, whatever was made of the schema `string`, `binary`."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else bytes(getattr(value, "data", b""))


@schemathesis.hook
def before_call(_, case, kwargs):
    """An example of a digest, or of a key for one request, is right for one body alone: not for those that are sent here."""
    operation = case.operation.definition.raw.get("operationId")
    if operation == "upload" and case.meta and case.meta.phase.name.value == "examples":
        for name in ("Content-Digest", "Repr-Digest", "Idempotency-Key"):
            case.headers.pop(name, None)


@schemathesis.hook
def filter_failure(_, failure, case, response):
    """OpenAPI 3.0 has no words for a stream of events: the document describes their data, `events_are_documented` looks at it."""
    return "SSE event" not in failure.title


@schemathesis.check
def events_are_documented(_, response, case):
    """Every event of a stream is of a kind that is known, and its data is as the document describes that kind."""
    if "text/event-stream" not in "".join(response.headers.get("content-type", [])):
        return
    document = case.operation.schema.raw_schema
    for event in events(response.content.decode()):
        if event["event"] in KINDS:
            name = f"{event['event'].title()}Event"
            schema = with_null({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
            data = json.loads(event["data"])
            try:
                jsonschema_rs.Draft202012Validator(schema).validate(data)
            except jsonschema_rs.ValidationError as wrong:
                raise AssertionError(f"a {event['event']} event is not as documented: {wrong.message}") from wrong


def events(stream):
    """The events of a stream that was cut anywhere; what follows the last blank line is no event yet."""
    for block in stream.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "data" in fields:
            yield {"event": "message", **fields}


def with_null(schema):
    """OpenAPI 3.0 says `nullable` where JSON Schema says that it may be null as well."""
    if isinstance(schema, list):
        return [with_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: with_null(value) for name, value in schema.items() if name != "example"}
    return {"anyOf": [changed, {"type": "null"}]} if schema.get("nullable") is True else changed
