"""The OpenAPI 3.1 document, written from the routes, their contracts and the schemas."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from cms.api.auth import ANY
from cms.api.contract import METHODS, Contract, Endpoint, contract_of
from cms.api.fields import Field, Group, JSONSchema, Many, Schema, component_name, sample_of
from cms.api.problems import MEDIA_TYPE, PROBLEMS
from cms.api.v1.schemas import ContentResource, Translation, nullable
from cms.keys import ROLES, SCOPES

VERSION = "1.0.0"

DESCRIPTION = """\
Articles, FAQ entries, authors and social links for any frontend.

**Delivery** (`/api/v1/…`) shows what is live now, to anyone; credentials change nothing. **Management**
(`/api/v1/manage/…`) reads and writes working copies, history and publication, with a key.
Errors are problem details (RFC 9457). A change needs `If-Match` with the entity tag of what was read.
"""

PARAMETERS: Mapping[str, tuple[str, JSONSchema]] = {
    "name": ("The entry's slug or id.", {"type": "string", "maxLength": 120}),
    "entry_id": ("The entry's id.", {"type": "string", "format": "uuid"}),
    "number": ("The revision's number.", {"type": "integer", "minimum": 1, "maximum": 999_999_999_999_999}),
    "key_id": ("The key's id.", {"type": "string", "maxLength": 24}),
}

TAGS = {
    "articles": "Live articles.",
    "faqs": "Live FAQ entries.",
    "authors": "Live authors.",
    "social-links": "Live social links.",
    "tags": "Live tags.",
    "site": "The site's name, languages, addresses and navigation.",
    "platforms": "What social links can be of.",
    "manage site": "The site's settings.",
    "keys": "API keys.",
    "service": "Versions, health and this document.",
}

HEADERS = {
    "X-Request-Id": "The id of this request, echoed or made.",
}


def openapi_document(
    routes: Iterable[tuple[str, str, type[Endpoint]]], catalog: Sequence[ContentResource]
) -> dict[str, Any]:
    """The whole document; the same routes and schemas give the same bytes."""
    plugin = MarshmallowPlugin(schema_name_resolver=component_name)
    spec = APISpec(
        title="Headless CMS",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/", "description": "This service."}],
    )
    # Each of our fields knows its own JSON Schema; the plugin's guesses from marshmallow's classes are not needed.
    plugin.converter.attribute_functions = [_described]  # type: ignore[union-attr]
    _add_components(spec, catalog)
    tags: dict[str, None] = {}
    for tag, path, endpoint in routes:
        tags.setdefault(tag)
        spec.path(path=re.sub(r"<(\w+)>", r"{\1}", path), operations=dict(_operations(spec, tag, path, endpoint)))
    for tag in tags:
        spec.tag({"name": tag, "description": TAGS.get(tag, f"Working copies: {tag.removeprefix('manage ')}.")})
    document: dict[str, Any] = spec.to_dict()
    return document


def _described(field: Any, ret: JSONSchema, **_: Any) -> JSONSchema:
    schema = described(field)
    ret.clear()
    return schema


def described(field: Any) -> JSONSchema:
    """The JSON Schema of a field, with null where it may be, its description and its default."""
    schema: JSONSchema = field.json_schema()
    if field.allow_none:
        schema = nullable(schema)
    if field.metadata.get("description"):
        schema = schema | {"description": field.metadata["description"]}
    default = field.load_default
    if isinstance(default, str | int | bool) or default is None:
        schema = schema | {"default": default}
    return schema


def _add_components(spec: APISpec, catalog: Sequence[ContentResource]) -> None:
    spec.components.security_scheme(
        "key",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, `cms_<id>_<secret>`. Scopes: "
            + " ".join(f"`{name}`: {text}" for name, text in SCOPES.items())
            + " Roles: "
            + " ".join(f"`{name}`: {', '.join(sorted(scopes))}." for name, scopes in ROLES.items()),
        },
    )
    add_schema(spec, Translation)
    for resource in catalog:
        for schema in (resource.delivered, resource.card):
            if schema is not None:
                add_schema(spec, schema)
    spec.components.schema("Problem", problem_schema())


def problem_schema() -> JSONSchema:
    """RFC 9457, with every fault in ``errors``."""
    text = {"type": "string"}
    kinds = ", ".join(f"`{code}` ({kind.status})" for code, kind in PROBLEMS.items())
    return {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "properties": {
            "type": text | {"format": "uri", "description": f"Names the kind of problem, and answers: {kinds}."},
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "instance": text | {"description": "The request's id, `urn:request:…`."},
            "errors": {
                "type": "array",
                "maxItems": 50,
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": text | {"description": "A JSON Pointer into the body, `#/a/b`."},
                        "parameter": text,
                        "header": text,
                        "code": text,
                        "detail": text,
                        "did_you_mean": text,
                    },
                    "required": ["code", "detail"],
                },
            },
        },
        "required": ["type", "title", "status", "detail"],
    }


def add_schema(spec: APISpec, schema: type[Schema]) -> str:
    """Register a schema with every schema it holds; returns its component's name."""
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


def _inner_schemas(schema: type[Schema]) -> Iterator[type[Schema]]:
    for field in schema._declared_fields.values():
        held = field.inner if isinstance(field, Many) else field
        if isinstance(held, Group):
            yield type(held.schema)


def _operations(spec: APISpec, tag: str, path: str, endpoint: type[Endpoint]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in map(str.lower, METHODS):
        method = getattr(endpoint, name, None)
        if method is not None:
            contract = contract_of(method)
            yield name, _operation(spec, tag, path, name, contract, (method.__doc__ or "").strip())


def _operation(spec: APISpec, tag: str, path: str, method: str, contract: Contract, text: str) -> dict[str, Any]:
    described_operation: dict[str, Any] = {
        "operationId": contract.operation_id,
        "tags": [tag],
        "summary": text.split("\n")[0].rstrip("."),
        "description": _needs(contract, text),
        "parameters": [*_path_parameters(path), *_query_parameters(contract), *_header_parameters(contract)],
        "responses": {**_answers(spec, contract), **_problems(spec, contract)},
        "security": [] if contract.is_public else [{"key": []}],
    }
    if contract.scope:
        described_operation["x-scope"] = contract.scope
    if contract.body is not None:
        described_operation["requestBody"] = {
            "required": contract.body_required,
            "content": {contract.body_type: _body(spec, contract)},
        }
    return described_operation


def _needs(contract: Contract, text: str) -> str:
    if contract.is_public:
        return f"{text}\n\nPublic."
    return f"{text}\n\nNeeds {'any key' if contract.scope == ANY else f'the scope `{contract.scope}`'}."


def _body(spec: APISpec, contract: Contract) -> dict[str, Any]:
    assert contract.body is not None
    name = add_schema(spec, contract.body)
    example = contract.body_example if contract.body_example is not None else sample_of(contract.body)
    schema: JSONSchema = {"$ref": f"#/components/schemas/{name}"}
    if contract.body_type != "application/json":
        schema = {"type": "object", "description": f"A merge patch (RFC 7396) of {name}: what is absent stays."}
    return {"schema": schema, "example": example}


def _path_parameters(path: str) -> Iterator[JSONSchema]:
    for name in re.findall(r"<(\w+)>", path):
        text, schema = PARAMETERS[name]
        yield {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query_parameters(contract: Contract) -> Iterator[JSONSchema]:
    if contract.query is None:
        return
    for name, field in contract.query._declared_fields.items():
        assert isinstance(field, Field)
        schema = described(field)
        schema.pop("description", None)
        parameter = {"name": name, "in": "query", "required": field.required, "schema": schema}
        if field.metadata.get("description"):
            parameter["description"] = field.metadata["description"]
        if isinstance(field, Many):
            parameter |= {"style": "form", "explode": True}
        yield parameter


def _header_parameters(contract: Contract) -> Iterator[JSONSchema]:
    def header(name: str, text: str, example: str) -> JSONSchema:
        return {"name": name, "in": "header", "description": text, "schema": {"type": "string"}, "example": example}

    if _has_tag(contract):
        yield header("If-None-Match", "Entity tags that the client holds; answered with 304.", '"5d41402abc4b2a76"')
    if contract.conditional or contract.heeds_if_match:
        yield header("If-Match", "The entity tag of what was read, or `*` for whatever is there.", '"42"')
    if contract.creates:
        yield header("If-None-Match", "`*` to create under an id of one's own.", "*")
    yield header("X-Request-Id", "An id for this request, 1 to 64 of `[A-Za-z0-9._-]`.", "deploy-7.1")


def _has_tag(contract: Contract) -> bool:
    """Whether an answer of delivery can be revalidated."""
    return contract.is_public and any("ETag" in each.headers for each in contract.answers.values())


def _answers(spec: APISpec, contract: Contract) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, declared in contract.answers.items():
        text = declared.description or ("Created." if status == 201 else "Done." if status == 204 else "The answer.")
        headers = {name: _header(text) for name, text in {**declared.headers, **HEADERS}.items()}
        answers[str(status)] = {"description": text, "headers": headers}
        if declared.schema is not None:
            name = add_schema(spec, declared.schema)
            answers[str(status)]["content"] = {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{name}"},
                    "example": sample_of(declared.schema),
                }
            }
    if _has_tag(contract):
        answers["304"] = {"description": "The client holds these bytes.", "headers": {"ETag": _header("The tag.")}}
    return answers


def _header(text: str) -> JSONSchema:
    return {"description": text, "schema": {"type": "string"}}


def _problems(spec: APISpec, contract: Contract) -> dict[str, Any]:
    """Every problem that can come, by status; operations with the same codes share one component."""
    codes = {"malformed-request", "invalid-parameter", "not-acceptable", "internal", "temporarily-unavailable"}
    codes |= contract.problems
    if not contract.is_public:
        codes |= {"unauthorized", "forbidden"}
    if contract.body is not None:
        codes |= {"content-too-large", "unsupported-media-type", "validation-error"}
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {str(status): _problem_answer(spec, status, names) for status, names in sorted(by_status.items())}


def _problem_answer(spec: APISpec, status: int, codes: list[str]) -> JSONSchema:
    name = ".".join([str(status), *codes])
    if name not in spec.components.responses:
        spec.components.response(
            name,
            {
                "description": " ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
                "headers": _problem_headers(status),
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "example": problem_example(codes[0]),
                    }
                },
            },
        )
    return {"$ref": f"#/components/responses/{name}"}


def _problem_headers(status: int) -> dict[str, JSONSchema]:
    own = {
        401: {"WWW-Authenticate": "Bearer (RFC 6750)."},
        412: {"ETag": "The present entity tag."},
        415: {"Accept": "What is read here.", "Accept-Patch": "What is read by PATCH."},
        503: {"Retry-After": "Seconds."},
    }.get(status, {})
    return {name: _header(text) for name, text in {**own, **HEADERS}.items()}


def problem_example(code: str) -> dict[str, Any]:
    """What a problem of this kind looks like."""
    kind = PROBLEMS[code]
    example: dict[str, Any] = {
        "type": f"http://127.0.0.1:8000/docs/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": re.sub("`", "", kind.advice),
        "instance": "urn:request:0199c0de-0000-7000-8000-00000000000a",
    }
    if code == "validation-error":
        example["errors"] = [{"pointer": "#/title", "code": "required", "detail": "This is required."}]
    if code == "invalid-parameter":
        example["errors"] = [
            {
                "parameter": "tags",
                "code": "unknown_parameter",
                "detail": "There is no such parameter here. Did you mean 'tag'?",
                "did_you_mean": "tag",
            }
        ]
    return example
