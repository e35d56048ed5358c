"""What Schemathesis is told of this service beyond its document; loaded by ``SCHEMATHESIS_HOOKS``.

``OWN_KEY_ID`` in the environment is the id of the key that the run uses.
"""

import json
import os
from typing import Any

import schemathesis

JSONObject = dict[str, Any]

# What a schema says whole. A request that the document allows is never refused for these.
SAID_BY_SCHEMAS = {
    "invalid_format",
    "invalid_type",
    "null",
    "repeated",
    "too_many",
    "too_short",
    "unknown_field",
    "unknown_parameter",
    "unknown_value",
    "validator_failed",
}
# A slug may not look like an id, which no pattern for slugs says; a name that is an id of nothing is just as unknown.
UNSAID = {("invalid_format", "#/slug")}

_required: dict[str, set[str]] = {}


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: JSONObject) -> None:
    """``fields`` and ``exclude`` leave out what is required otherwise, which OpenAPI has no way to say."""
    schemas = raw_schema["components"]["schemas"]
    _without_blocks(schemas)
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            # No schema says what front matter may hold: all that could be made of this one are texts without a title.
            operation.get("requestBody", {}).get("content", {}).pop("text/markdown", None)
        if not any(each["name"] == "fields" for each in operations.get("get", {}).get("parameters", ())):
            continue
        wrapper = _name(operations["get"]["responses"]["200"]["content"]["application/json"]["schema"])
        data = schemas[wrapper]["properties"]["data"]
        # Delivery and preview answer with the same schemas, and the first of them has been here before.
        delivered = _name(data.get("items", data)).removeprefix("Picked")
        whole = schemas[delivered]
        _required[path] = set(whole["required"])
        schemas[f"Picked{delivered}"] = {name: value for name, value in whole.items() if name != "required"}
        told = json.dumps(schemas[wrapper]).replace(f'schemas/{delivered}"', f'schemas/Picked{delivered}"')
        schemas[wrapper] = json.loads(told)


def _without_blocks(node: Any) -> None:
    """Leave bodies of blocks to tests of their own: all that they may hold of each other would be tried for hours."""
    if isinstance(node, dict):
        if isinstance(forms := node.get("oneOf"), list):
            node["oneOf"] = [each for each in forms if not _is_of_blocks(each)]
        if "blocks" in (formats := node.get("properties", {}).get("format", {}).get("enum", ())):
            formats.remove("blocks")
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _without_blocks(each)


def _is_of_blocks(schema: Any) -> bool:
    """Whether it is a body of blocks, or what stands in one."""
    if schema.get("properties", {}).get("format", {}).get("enum") == ["blocks"]:
        return True
    return any("BlockWrite" in each.get("$ref", "") for each in schema.get("items", {}).get("oneOf", ()))


def _name(schema: JSONObject) -> str:
    return str(schema["$ref"].rsplit("/")[-1])


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Nobody saws off the branch they sit on: the run's own key is not revoked."""
    own = os.environ.get("OWN_KEY_ID")
    if case.method == "DELETE" and own and (case.path_parameters or {}).get("key_id") == own:
        case.path_parameters["key_id"] = own[::-1]


@schemathesis.check
def nothing_is_left_out_unasked(ctx: Any, response: Any, case: Any) -> None:
    """Without ``fields`` and ``exclude``, everything required is there."""
    required = _required.get(case.operation.path)
    if required is None or response.status_code != 200 or (case.query or {}).keys() & {"fields", "exclude"}:
        return
    data = response.json()["data"]
    for item in data if isinstance(data, list) else [data]:
        assert item.keys() >= required, f"Required and not there: {sorted(required - item.keys())}"


@schemathesis.check
def refused_for_what_a_schema_says(ctx: Any, response: Any, case: Any) -> None:
    """A request that the document allows is refused only for a rule that no schema can say."""
    if response.status_code not in (400, 422) or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    faults = [each for each in problem.get("errors", []) if (each["code"], each.get("pointer")) not in UNSAID]
    said = [each for each in faults if each["code"] in SAID_BY_SCHEMAS]
    if problem["type"].endswith("/idempotency-key-reused"):
        return  # The cases share one key.
    assert problem.get("errors"), f"Refused without saying what for: {problem['detail']}"
    assert not said, f"The document allows this and the service does not: {said}"


@schemathesis.check
def a_problem_is_one_of_the_documented(ctx: Any, response: Any, case: Any) -> None:
    """The kind of a problem stands in the description of its status."""
    if response.status_code < 400:
        return
    raw = case.operation.schema.raw_schema
    operation = raw["paths"][case.operation.path][case.operation.method]
    declared = operation["responses"].get(str(response.status_code))
    if declared is not None:
        kind = response.json()["type"].rsplit("/")[-1]
        # Schemathesis puts what a reference leads to in its place when it needs it.
        answer = raw["components"]["responses"][_name(declared)] if "$ref" in declared else declared
        assert f"`{kind}`" in answer["description"], f"{kind} is not documented for {response.status_code} here."
