"""The OpenAPI 3.1 document, written from the routes, their contracts and the schemas."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from cms.api.http import idempotency
from cms.api.http.contract import ANY, JSON, MERGE_PATCH, METHODS, Contract, Declared, contract_of
from cms.api.http.deprecation import DEPRECATION, Deprecation
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Field, JSONSchema, Many, Schema, Text, component_name, sample_of
from cms.api.http.openapi_schemas import add_patch_schema, add_schema, described, problem_example, problem_schema
from cms.api.http.problems import MEDIA_TYPE, REQUEST_ID, ProblemType

HEADERS = {
    "X-Request-Id": "The id of this request: the one that was sent, or a new one.",
}
# Tags are weak for answers that are generated while they are sent, and strong everywhere else.
ENTITY_TAG: JSONSchema = {"type": "string", "pattern": '^(W/)?"[^"]+"$'}
HEADER_SCHEMAS: Mapping[str, JSONSchema] = {
    DEPRECATION: {"type": "string", "pattern": "^@[0-9]+$"},
    "ETag": ENTITY_TAG,
    "Location": {"type": "string", "format": "uri-reference"},
    "Retry-After": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400},
    "X-Request-Id": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """The parts of an API's document beside its operations."""

    title: str
    version: str
    text: str
    tags: Callable[[str], str]
    """The description of a group of operations, by its name."""
    path_parameters: Mapping[str, tuple[str, JSONSchema]]
    """The description and the schema of each parameter in a path, by name."""
    keys: str
    """The description of the keys that callers send as ``Authorization: Bearer``."""
    problem_types: Mapping[str, ProblemType]
    fault_codes: Mapping[str, str]
    """The meaning of each ``code`` in a problem's ``errors``."""
    problem_members: Mapping[str, JSONSchema]
    """The extension members of problems."""
    schemas: Sequence[type[Schema]] = ()
    """The schemas that other schemas refer to by name."""


class _Writing(NamedTuple):
    """The document that is being written, and its parts beside the operations."""

    spec: APISpec
    about: Description


def openapi_document(routes: Iterable[tuple[str, str, type[Endpoint]]], about: Description) -> dict[str, Any]:
    """The whole document. The same routes and schemas give the same bytes."""
    plugin = MarshmallowPlugin(schema_name_resolver=component_name)
    spec = APISpec(
        title=about.title,
        version=about.version,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": about.text, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/", "description": "This service."}],
    )
    # Each field of this package has its own JSON Schema, so that the plugin must not guess from marshmallow's classes.
    plugin.converter.attribute_functions = [_described]  # type: ignore[union-attr]
    writing = _Writing(spec, about)
    _add_components(writing)
    tags: dict[str, None] = {}
    for tag, path, endpoint in routes:
        tags.setdefault(tag)
        spec.path(path=re.sub(r"<(\w+)>", r"{\1}", path), operations=dict(_operations(writing, tag, path, endpoint)))
    for tag in tags:
        spec.tag({"name": tag, "description": about.tags(tag)})
    document: dict[str, Any] = spec.to_dict()
    _link(document["paths"])
    return document


def _described(field: Any, ret: JSONSchema, **_: Any) -> JSONSchema:
    schema = described(field)
    ret.clear()
    return schema


def _add_components(writing: _Writing) -> None:
    spec, about = writing
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer", "description": about.keys})
    for schema in about.schemas:
        add_schema(spec, schema)
    problem = problem_schema(about.problem_types, about.fault_codes, about.problem_members)
    spec.components.schema("Problem", problem)


def _link(paths: Mapping[str, dict[str, Any]]) -> None:
    """Add links from an answer to the operations on its entry: the one that was created, or the first of a list."""
    for path, operations in paths.items():
        if "{" in path:
            continue
        targets = {
            other: paths[other] for other in paths if re.fullmatch(re.escape(path) + r"/{\w+}(/[a-z-]+)?", other)
        }
        if "post" in operations and targets:
            _add_links(operations["post"]["responses"]["201"], targets, "$response.body#/data/id")
        if "get" in operations and targets:
            reads = {other: {"get": known["get"]} for other, known in targets.items() if "get" in known}
            _add_links(operations["get"]["responses"]["200"], reads, "$response.body#/data/0/id")


def _add_links(answer: dict[str, Any], targets: Mapping[str, dict[str, Any]], id_expression: str) -> None:
    has_tag = "ETag" in answer["headers"]
    links = answer.setdefault("links", {})
    for path, operations in targets.items():
        (name,) = re.findall(r"{(\w+)}", path)
        for method, operation in operations.items():
            parameters = {f"path.{name}": id_expression}
            header_names = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            # A write needs the tag of this answer. A read of a sub-resource would need that resource's own tag.
            if has_tag and method != "get" and "If-Match" in header_names:
                parameters["header.If-Match"] = "$response.header.ETag"
            links[operation["operationId"]] = {
                "operationId": operation["operationId"],
                "parameters": parameters,
                "description": f"{operation['summary']}.",
            }


def _operations(
    writing: _Writing, tag: str, path: str, endpoint: type[Endpoint]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in map(str.lower, METHODS):
        method = getattr(endpoint, name, None)
        if method is not None:
            contract = contract_of(method)
            yield name, _operation(writing, tag, path, name, contract, inspect.cleandoc(method.__doc__ or ""))


def _operation(writing: _Writing, tag: str, path: str, method: str, contract: Contract, text: str) -> dict[str, Any]:
    described_operation: dict[str, Any] = {
        "operationId": contract.operation_id,
        "tags": [tag],
        "summary": text.split("\n")[0].rstrip("."),
        "description": _needs(contract, text),
        "parameters": [*_path_parameters(writing, path), *_query_parameters(contract), *_header_parameters(contract)],
        "responses": {**_answers(writing, contract), **_problems(writing, contract)},
        "security": [] if contract.is_public else [{"key": []}],
    }
    if contract.deprecation:
        described_operation["deprecated"] = True
        described_operation["description"] = f"{contract.deprecation.text}\n\n{described_operation['description']}"
    if contract.scope:
        described_operation["x-scope"] = contract.scope
    if contract.body is not None:
        described_operation["requestBody"] = {
            "required": contract.body_required,
            "content": {contract.body_type: _body(writing, contract)} | _other_forms(contract),
        }
    return described_operation


def _needs(contract: Contract, text: str) -> str:
    if contract.is_public:
        return f"{text}\n\nPublic."
    return f"{text}\n\nNeeds {'any key' if contract.scope == ANY else f'the scope `{contract.scope}`'}."


def _body(writing: _Writing, contract: Contract) -> dict[str, Any]:
    assert contract.body is not None
    add = add_patch_schema if contract.body_type == MERGE_PATCH else add_schema
    name = add(writing.spec, contract.body)
    example = contract.body_example if contract.body_example is not None else sample_of(contract.body)
    return {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": example}


def _other_forms(contract: Contract) -> dict[str, Any]:
    """The media types that a body may have beside JSON. Their schemas can say no more than that they are text."""
    return {
        media_type: {
            "schema": Text(form.longest).json_schema() | {"description": form.description},
            "example": form.example,
        }
        for media_type, form in contract.body_forms.items()
    }


def _path_parameters(writing: _Writing, path: str) -> Iterator[JSONSchema]:
    for name in re.findall(r"<(\w+)>", path):
        text, schema = writing.about.path_parameters[name]
        yield {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query_parameters(contract: Contract) -> Iterator[JSONSchema]:
    if contract.parameters is None:
        return
    for name, field in contract.parameters._declared_fields.items():
        assert isinstance(field, Field)
        schema = described(field)
        text, is_deprecated = schema.pop("description", None), schema.pop("deprecated", False)
        parameter = {"name": name, "in": "query", "required": field.required, "schema": schema}
        if text:
            parameter["description"] = text
        if is_deprecated:
            parameter["deprecated"] = True
        if field.required and field.sample() is not None:
            parameter["example"] = field.sample()
        if isinstance(field, Many):
            parameter |= {"style": "form", "explode": True}
        yield parameter


def _header_parameters(contract: Contract) -> Iterator[JSONSchema]:
    def header(name: str, text: str, example: str, *, required: bool = False, pattern: str | None = None) -> JSONSchema:
        return {
            "name": name,
            "in": "header",
            "required": required,
            "description": text,
            "schema": {"type": "string"} | ({"pattern": pattern} if pattern else {}),
            "example": example,
        }

    if _has_tag(contract):
        text = "Entity tags that the client has cached. If one is current, the answer is 304."
        yield header("If-None-Match", text, '"5d41402abc4b2a76"')
    if _reads_what_has_a_tag(contract):
        example = '"5d41402abc4b2a76"' if contract.is_public else '"42"'
        yield header("If-Match", "Entity tags that the client knows. If none is current, the answer is 412.", example)
    elif contract.conditional or contract.heeds_if_match:
        # Where a creation is possible, `If-None-Match` may be sent instead.
        required = contract.conditional and not contract.creates
        text = "The entity tag of the version that was read, or `*` for any version."
        yield header("If-Match", text, '"42"', required=required)
    if contract.resumes:
        yield header("Last-Event-ID", "The id of the last event that the client received.", "Fb0zqK3uVYw2dN7s")
    if contract.creates:
        yield header("If-None-Match", "`*` to create a resource under the id in the path.", "*")
    if contract.may_be_repeated:
        text = (
            "A new id for a request that must be done only once. If it is sent again within 24 hours, the first answer "
            "is repeated."
        )
        example = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
        yield header(idempotency.HEADER, text, example, pattern=idempotency.PATTERN)
    yield header("X-Request-Id", "An id for this request, 1 to 64 of `[A-Za-z0-9._-]`.", "deploy-7.1")


def _has_tag(contract: Contract) -> bool:
    """True if the operation is public and its answer can be revalidated."""
    return contract.is_public and _reads_what_has_a_tag(contract)


def _reads_what_has_a_tag(contract: Contract) -> bool:
    return not contract.writes and any("ETag" in each.headers for each in contract.answers.values())


def _answers(writing: _Writing, contract: Contract) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, declared in contract.answers.items():
        text = declared.description or ("Created." if status == 201 else "No content." if status == 204 else "Success.")
        if _can_pick(contract) and status == 200:
            text += " With `fields` or `exclude`, fields that are not selected are left out, even required ones."
        headers = {**declared.headers, **HEADERS}
        if contract.may_be_repeated:
            headers[idempotency.REPLAYED] = "`true` if this is the repeated answer of the first request."
        answers[str(status)] = {"description": text, "headers": _headers(headers, contract.deprecation)}
        if content := _content(writing, declared):
            answers[str(status)]["content"] = content
    if _has_tag(contract):
        text = "Not modified: the client has the current version."
        headers = {"ETag": "The current entity tag.", **HEADERS}
        answers["304"] = {"description": text, "headers": _headers(headers, contract.deprecation)}
    return answers


def _can_pick(contract: Contract) -> bool:
    return contract.query is not None and "fields" in contract.query._declared_fields


def _content(writing: _Writing, declared: Declared) -> dict[str, Any]:
    """The body of an answer by media type: JSON with its schema, another type as a string."""
    if declared.schema is None:
        text = {"schema": {"type": "string"}, "example": declared.example}
        return {declared.media_type: text} if declared.media_type else {}
    name, own = add_schema(writing.spec, declared.schema), declared.media_type or JSON
    content: dict[str, Any] = {
        own: {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": sample_of(declared.schema)}
    }
    for media_type, form in declared.also.items():
        schema = {**form.schema, "description": form.description}
        if media_type in content:
            content[media_type]["schema"] = {"anyOf": [content[media_type]["schema"], schema]}
        else:
            content[media_type] = {"schema": schema, "example": form.example}
    return content


def _headers(texts: Mapping[str, str], deprecation: Deprecation | None = None) -> dict[str, JSONSchema]:
    if deprecation is not None:
        texts = deprecation.described(texts)
    return {
        name: {"description": text, "schema": HEADER_SCHEMAS.get(name, {"type": "string"})}
        for name, text in texts.items()
    }


def _problems(writing: _Writing, contract: Contract) -> dict[str, Any]:
    """Every possible problem by status. Operations with the same codes share one component."""
    codes = {"malformed-request", "invalid-parameter", "not-acceptable", "uri-too-long", "internal"}
    codes |= {"temporarily-unavailable"}
    codes |= contract.problems
    if not contract.is_public:
        codes |= {"unauthorized", "forbidden"}
    if _reads_what_has_a_tag(contract):
        codes |= {"precondition-failed"}
    if contract.may_be_repeated:
        codes |= {"idempotency-in-progress", "idempotency-key-reused"}
    if contract.body is not None:
        codes |= {"content-too-large", "unsupported-media-type", "validation-error"}
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(writing.about.problem_types[code].status, []).append(code)
    return {
        str(status): _problem_answer(writing, status, names, contract.deprecation)
        for status, names in sorted(by_status.items())
    }


def _problem_answer(writing: _Writing, status: int, codes: list[str], deprecation: Deprecation | None) -> JSONSchema:
    name = ".".join([str(status), *codes])
    if deprecation is not None:
        name += ".until-its-sunset" if deprecation.sunset else ".deprecated"
    if name not in writing.spec.components.responses:
        writing.spec.components.response(
            name,
            {
                "description": " ".join(f"`{code}`: {writing.about.problem_types[code].title}." for code in codes),
                "headers": _problem_headers(status, deprecation),
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "example": problem_example(writing.about.problem_types[codes[0]]),
                    }
                },
            },
        )
    return {"$ref": f"#/components/responses/{name}"}


def _problem_headers(status: int, deprecation: Deprecation | None) -> dict[str, JSONSchema]:
    own = {
        401: {"WWW-Authenticate": "Bearer (RFC 6750)."},
        409: {"Retry-After": "Seconds to wait, if the first request with this `Idempotency-Key` is still running."},
        412: {"ETag": "The current entity tag."},
        415: {"Accept": "The supported media types.", "Accept-Patch": "The media types that PATCH supports."},
        503: {"Retry-After": "Seconds to wait."},
    }.get(status, {})
    return _headers({**own, **HEADERS}, deprecation)
