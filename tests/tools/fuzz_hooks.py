"""What the fuzzer checks of each answer beside the schemas: a problem's code is listed for its operation."""

import schemathesis


@schemathesis.check
def problem_is_listed(_context, response, case):
    document = case.operation.schema.raw_schema
    answers = document["paths"][case.operation.path][case.operation.method.lower()]["responses"]
    reference = answers.get(str(response.status_code), {}).get("$ref")
    if reference is not None:
        codes = document["components"]["responses"][reference.rsplit("/", 1)[1]]["x-codes"]
        code = response.json()["code"]
        assert code in codes, f"`{code}` is not listed"
