"""What the fuzzer does beside the schemas: a problem's code is listed for its operation, and files are bytes."""

import schemathesis
from schemathesis.transport.serialization import serialize_binary


@schemathesis.check
def problem_is_listed(_context, response, case):
    document = case.operation.schema.raw_schema
    answers = document["paths"][case.operation.path][case.operation.method.lower()]["responses"]
    reference = answers.get(str(response.status_code), {}).get("$ref")
    if reference is not None:
        codes = document["components"]["responses"][reference.rsplit("/", 1)[1]]["x-codes"]
        code = response.json()["code"]
        assert code in codes, f"`{code}` is not listed"


@schemathesis.serializer("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def file(_context, value):
    return {"data": serialize_binary(value)}
