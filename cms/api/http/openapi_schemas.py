"""The components of the OpenAPI document: schemas of bodies, of merge patches and of problems."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apispec import APISpec

from cms.api.http.deprecation import deprecated_schema
from cms.api.http.fields import EXTENSIBLE, Field, Group, JSONSchema, Schema, component_name, nullable
from cms.api.http.problems import ProblemType
from cms.errors import FAULTS_LISTED


def described(field: Any) -> JSONSchema:
    """The JSON Schema of a field with its description and its default, and with null if that is allowed."""
    schema: JSONSchema = field.json_schema()
    if field.allow_none:
        schema = nullable(schema)
    if field.metadata.get("description"):
        schema = schema | {"description": field.metadata["description"]}
    default = field.load_default
    if isinstance(default, str | int | bool) or default is None:
        schema = schema | {"default": default}
    return _marked_if_deprecated(field, schema)


def _marked_if_deprecated(field: Any, schema: JSONSchema) -> JSONSchema:
    text = field.metadata.get("deprecated")
    return deprecated_schema(schema, text) if text else schema


def problem_schema(
    kinds: Mapping[str, ProblemType], codes: Mapping[str, str], members: Mapping[str, JSONSchema]
) -> JSONSchema:
    """The JSON Schema of a problem (RFC 9457), with every fault in ``errors``."""
    text = {"type": "string"}
    listed_kinds = ", ".join(f"`{code}` ({kind.status})" for code, kind in kinds.items())
    type_text = f"The URL of the kind of problem, where it is described. The kinds: {listed_kinds}."
    return {
        "type": "object",
        "description": "An error, as problem details (RFC 9457).",
        "properties": {
            "type": text | {"format": "uri", "description": type_text},
            "title": text | {"description": "The title of the kind of problem, always the same."},
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
            "detail": text | {"description": "What is wrong with this request, and how to fix it."},
            "instance": text | {"description": "The request's id, `urn:request:…`."},
            "errors": {
                "type": "array",
                "maxItems": FAULTS_LISTED,
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": text | {"description": "A JSON Pointer into the body, such as `#/a/b`."},
                        "parameter": text | {"description": "The name of a query parameter."},
                        "header": text | {"description": "The name of a request header."},
                        "code": text | {"enum": [*codes], "description": listed(codes)} | EXTENSIBLE,
                        "detail": text | {"description": "A sentence for people."},
                        "did_you_mean": text | {"description": "The known name that is most similar."},
                    },
                    "required": ["code", "detail"],
                },
            },
            **members,
        },
        "required": ["type", "title", "status", "detail"],
    }


def listed(words: Mapping[str, str]) -> str:
    """Words with their meanings, as one paragraph of Markdown for a description."""
    return " ".join(f"`{word}`: {text}" for word, text in words.items())


def add_schema(spec: APISpec, schema: type[Schema]) -> str:
    """Register a schema and every schema inside it; return the name of its component."""
    name = component_name(schema)
    if name not in spec.components.schemas:
        spec.components.schema(name, schema=schema)
        component = spec.components.schemas[name]
        component["description"] = (schema.__doc__ or "").strip().split("\n")[0]
        if issubclass(schema, Schema):
            component["additionalProperties"] = False
        for inner in _inner_schemas(schema):
            add_schema(spec, inner)
    return name


def add_patch_schema(spec: APISpec, schema: type[Schema]) -> str:
    """Register the schema of merge patches (RFC 7396) of the schema's documents; return the name of its component."""
    name = f"{component_name(schema).removesuffix('Write')}Patch"
    if name not in spec.components.schemas:
        fields = {name: field for name, field in schema._declared_fields.items() if isinstance(field, Field)}
        component = {
            "type": "object",
            "description": f"A merge patch of {component_name(schema)}. Absent members stay, null removes a member.",
            "properties": {name: _patched(spec, field) for name, field in fields.items()},
            "additionalProperties": False,
        }
        spec.components.schema(name, component)
    return name


def _patched(spec: APISpec, field: Field) -> JSONSchema:
    schema = field.patch_schema()
    if isinstance(field, Group):
        schema = {"$ref": f"#/components/schemas/{add_patch_schema(spec, type(field.schema))}"}
    else:
        for inner in field.schemas():
            add_schema(spec, inner)
    if not field.required:
        schema = nullable(schema)
    text = field.metadata.get("description")
    return _marked_if_deprecated(field, schema | {"description": text} if text else schema)


def _inner_schemas(schema: type[Schema]) -> Iterator[type[Schema]]:
    for field in schema._declared_fields.values():
        if isinstance(field, Field):
            yield from field.schemas()


def problem_example(kind: ProblemType) -> dict[str, Any]:
    """An example of a problem of this kind."""
    example: dict[str, Any] = {
        "type": f"http://127.0.0.1:8000/docs/problems/{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": re.sub("`", "", kind.advice),
        "instance": "urn:request:0199c0de-0000-7000-8000-00000000000a",
    }
    if kind.code == "validation-error":
        example["errors"] = [{"pointer": "#/title", "code": "required", "detail": "This is required."}]
    if kind.code == "invalid-parameter":
        example["errors"] = [
            {
                "parameter": "tags",
                "code": "unknown_parameter",
                "detail": "Unknown parameter. Did you mean 'tag'?",
                "did_you_mean": "tag",
            }
        ]
    return example
