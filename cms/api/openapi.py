"""The OpenAPI 3.1 document, written from the routes, their contracts and the schemas."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from cms.api import idempotency
from cms.api.auth import ANY
from cms.api.contract import JSON, MERGE_PATCH, METHODS, Contract, Declared, Endpoint, contract_of
from cms.api.fields import Field, Group, JSONSchema, Many, Schema, Text, component_name, sample_of
from cms.api.problems import FAULTS, FAULTS_AT_MOST, MEDIA_TYPE, PROBLEMS, REQUEST_ID, WARNINGS
from cms.api.v1.schemas import ContentResource, Translation, nullable
from cms.keys import ROLES, SCOPES
from cms.version import API_VERSION

DESCRIPTION = """\
Articles, FAQ entries, authors and social links for any frontend.

**Delivery** (`/api/v1/…`) shows what is live now, to anyone; credentials change nothing. **Preview**
(`/api/v1/preview/…`) shows the same as its drafts, or as of any moment, with a key or a preview token. **Management**
(`/api/v1/manage/…`) reads and writes working copies, history and publication, with a key.
Errors are problem details (RFC 9457). A change needs `If-Match` with the entity tag of what was read. Every write
takes `dry_run=true`, which answers the same and keeps nothing. A POST with an `Idempotency-Key` is done once: the
answer to it is given again for 24 hours, to the same API key, a refusal with 404, 409 or 412 included; one with 400,
401, 403, 413, 415, 422 or 428 leaves it free. Secrets are kept nowhere and are null in an answer that is given again.
"""

PARAMETERS: Mapping[str, tuple[str, JSONSchema]] = {
    "name": ("The entry's slug or id.", {"type": "string", "maxLength": 120}),
    "entry_id": ("The entry's id.", {"type": "string", "format": "uuid"}),
    "number": (
        "The revision's number.",
        {"type": "integer", "format": "int64", "minimum": 1, "maximum": 999_999_999_999_999},
    ),
    "publication_id": ("The publication's id, from the timeline.", {"type": "string", "format": "uuid"}),
    "key_id": ("The key's id.", {"type": "string", "maxLength": 24, "pattern": "^[0-9A-Za-z]+$"}),
    "event_id": (
        "The event's id: the number of its change, and its position in it.",
        {"type": "string", "maxLength": 25, "pattern": "^(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,8})$"},
    ),
}

TAGS = {
    "articles": "Live articles.",
    "faqs": "Live FAQ entries.",
    "authors": "Live authors.",
    "social-links": "Live social links.",
    "tags": "Live tags.",
    "site": "The site's name, languages, addresses and navigation.",
    "platforms": "What social links can be of.",
    "redirects": "Old paths of live pages, and where they moved.",
    "changes": "What became live, changed or went.",
    "search": "Everything that is live, by words.",
    "preview": "What delivery will answer, as drafts or as of any moment.",
    "manage site": "The site's settings.",
    "batch": "Many writes in one request.",
    "keys": "API keys.",
    "events": "The audit log.",
    "feeds": "Feeds, sitemaps and files at fixed addresses, for readers, crawlers and language models.",
    "service": "Versions, health and this document.",
}

HEADERS = {
    "X-Request-Id": "The id of this request, echoed or made.",
}
# Weak where an answer is made while it is sent; strong everywhere else.
ENTITY_TAG: JSONSchema = {"type": "string", "pattern": '^(W/)?"[^"]+"$'}
HEADER_SCHEMAS: Mapping[str, JSONSchema] = {
    "ETag": ENTITY_TAG,
    "Location": {"type": "string", "format": "uri-reference"},
    "Retry-After": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400},
    "X-Request-Id": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
}


def openapi_document(
    routes: Iterable[tuple[str, str, type[Endpoint]]], catalog: Sequence[ContentResource]
) -> dict[str, Any]:
    """The whole document; the same routes and schemas give the same bytes."""
    plugin = MarshmallowPlugin(schema_name_resolver=component_name)
    spec = APISpec(
        title="Headless CMS",
        version=API_VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "description": f"{DESCRIPTION}\nCodes of `warnings`: {listed(WARNINGS)}\n",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
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
    _link(document["paths"])
    return document


def _link(paths: Mapping[str, dict[str, Any]]) -> None:
    """Say where to go on from an answer: from what was made, and from the first of a list, to all that one can do."""
    for path, operations in paths.items():
        if "{" in path:
            continue
        onward = {other: paths[other] for other in paths if re.fullmatch(re.escape(path) + r"/{\w+}(/[a-z-]+)?", other)}
        if "post" in operations and onward:
            _add_links(operations["post"]["responses"]["201"], onward, "$response.body#/data/id")
        if "get" in operations and onward:
            reading = {other: {"get": known["get"]} for other, known in onward.items() if "get" in known}
            _add_links(operations["get"]["responses"]["200"], reading, "$response.body#/data/0/id")


def _add_links(answer: dict[str, Any], onward: Mapping[str, dict[str, Any]], id_expression: str) -> None:
    has_tag = "ETag" in answer["headers"]
    links = answer.setdefault("links", {})
    for path, operations in onward.items():
        (name,) = re.findall(r"{(\w+)}", path)
        for method, operation in operations.items():
            parameters = {f"path.{name}": id_expression}
            wanted = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            # The tag is that of what is to be changed; to a read of something else it would be another's.
            if has_tag and method != "get" and "If-Match" in wanted:
                parameters["header.If-Match"] = "$response.header.ETag"
            links[operation["operationId"]] = {
                "operationId": operation["operationId"],
                "parameters": parameters,
                "description": f"{operation['summary']}.",
            }


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
            "description": "An API key, `cms_<id>_<secret>`; for one entry of the preview space also a preview token, "
            "`preview_…`. Scopes: "
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
            "title": text | {"description": "The same for every problem of the kind."},
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
            "detail": text | {"description": "What is wrong this time, and what to do about it."},
            "instance": text | {"description": "The request's id, `urn:request:…`."},
            "errors": {
                "type": "array",
                "maxItems": FAULTS_AT_MOST,
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": text | {"description": "A JSON Pointer into the body, `#/a/b`."},
                        "parameter": text | {"description": "A query parameter."},
                        "header": text | {"description": "A request header."},
                        "code": text | {"enum": [*FAULTS, *WARNINGS], "description": listed(FAULTS | WARNINGS)},
                        "detail": text | {"description": "A sentence for people."},
                        "did_you_mean": text | {"description": "The nearest known word to an unknown one."},
                    },
                    "required": ["code", "detail"],
                },
            },
            "usage": _named("What refers to an entry that is not deleted because of it, as its `/usage` lists it."),
            "clashes": _named("The publications that a plan overlaps: their id, revision and times."),
        },
        "required": ["type", "title", "status", "detail"],
    }


def _named(description: str) -> JSONSchema:
    return {"type": "array", "maxItems": FAULTS_AT_MOST, "items": {"type": "object"}, "description": description}


def listed(words: Mapping[str, str]) -> str:
    """Words and what they mean, for a description."""
    return " ".join(f"`{word}`: {text}" for word, text in words.items())


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


def add_patch_schema(spec: APISpec, schema: type[Schema]) -> str:
    """Register what a merge patch of the schema's documents may hold (RFC 7396); returns its component's name."""
    name = f"{component_name(schema).removesuffix('Write')}Patch"
    if name not in spec.components.schemas:
        fields = {name: field for name, field in schema._declared_fields.items() if isinstance(field, Field)}
        component = {
            "type": "object",
            "description": f"Changes of {component_name(schema)}: what is absent stays, null takes away.",
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
    return schema | {"description": text} if text else schema


def _inner_schemas(schema: type[Schema]) -> Iterator[type[Schema]]:
    for field in schema._declared_fields.values():
        if isinstance(field, Field):
            yield from field.schemas()


def _operations(spec: APISpec, tag: str, path: str, endpoint: type[Endpoint]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in map(str.lower, METHODS):
        method = getattr(endpoint, name, None)
        if method is not None:
            contract = contract_of(method)
            yield name, _operation(spec, tag, path, name, contract, inspect.cleandoc(method.__doc__ or ""))


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
            "content": {contract.body_type: _body(spec, contract)} | _other_forms(contract),
        }
    return described_operation


def _needs(contract: Contract, text: str) -> str:
    if contract.is_public:
        return f"{text}\n\nPublic."
    return f"{text}\n\nNeeds {'any key' if contract.scope == ANY else f'the scope `{contract.scope}`'}."


def _body(spec: APISpec, contract: Contract) -> dict[str, Any]:
    assert contract.body is not None
    add = add_patch_schema if contract.body_type == MERGE_PATCH else add_schema
    name = add(spec, contract.body)
    example = contract.body_example if contract.body_example is not None else sample_of(contract.body)
    return {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": example}


def _other_forms(contract: Contract) -> dict[str, Any]:
    """The media types that a body may have besides JSON; what a schema can say of them is that they are text."""
    return {
        media_type: {
            "schema": Text(form.longest).json_schema() | {"description": form.description},
            "example": form.example,
        }
        for media_type, form in contract.body_forms.items()
    }


def _path_parameters(path: str) -> Iterator[JSONSchema]:
    for name in re.findall(r"<(\w+)>", path):
        text, schema = PARAMETERS[name]
        yield {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query_parameters(contract: Contract) -> Iterator[JSONSchema]:
    if contract.parameters is None:
        return
    for name, field in contract.parameters._declared_fields.items():
        assert isinstance(field, Field)
        schema = described(field)
        schema.pop("description", None)
        parameter = {"name": name, "in": "query", "required": field.required, "schema": schema}
        if field.metadata.get("description"):
            parameter["description"] = field.metadata["description"]
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
        yield header("If-None-Match", "Entity tags that the client holds; answered with 304.", '"5d41402abc4b2a76"')
    if _reads_what_has_a_tag(contract):
        example = '"5d41402abc4b2a76"' if contract.is_public else '"42"'
        yield header("If-Match", "Entity tags that the client knows; where none is the answer's, 412.", example)
    elif contract.conditional or contract.heeds_if_match:
        # Where a creation is possible, `If-None-Match` may stand instead.
        required = contract.conditional and not contract.creates
        text = "The entity tag of what was read, or `*` for whatever is there."
        yield header("If-Match", text, '"42"', required=required)
    if contract.resumes:
        yield header("Last-Event-ID", "The id of the last event that the client had.", "Fb0zqK3uVYw2dN7s")
    if contract.creates:
        yield header("If-None-Match", "`*` to create under an id of one's own.", "*")
    if contract.may_be_repeated:
        text = "A new id for what is to be done once; sent again within 24 hours, the first answer is given again."
        example = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
        yield header(idempotency.HEADER, text, example, pattern=idempotency.PATTERN)
    yield header("X-Request-Id", "An id for this request, 1 to 64 of `[A-Za-z0-9._-]`.", "deploy-7.1")


def _has_tag(contract: Contract) -> bool:
    """Whether an answer of delivery can be revalidated."""
    return contract.is_public and _reads_what_has_a_tag(contract)


def _reads_what_has_a_tag(contract: Contract) -> bool:
    return not contract.writes and any("ETag" in each.headers for each in contract.answers.values())


def _answers(spec: APISpec, contract: Contract) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, declared in contract.answers.items():
        text = declared.description or ("Created." if status == 201 else "Done." if status == 204 else "The answer.")
        if _can_pick(contract) and status == 200:
            text += " With `fields` or `exclude`, required or not, what is not picked is left out."
        headers = {**declared.headers, **HEADERS}
        if contract.may_be_repeated:
            headers[idempotency.REPLAYED] = "`true` where it is the answer of the first request with the same key."
        answers[str(status)] = {"description": text, "headers": _headers(headers)}
        if content := _content(spec, declared):
            answers[str(status)]["content"] = content
    if _has_tag(contract):
        text = "The client holds these bytes."
        answers["304"] = {"description": text, "headers": _headers({"ETag": "The tag.", **HEADERS})}
    return answers


def _can_pick(contract: Contract) -> bool:
    return contract.query is not None and "fields" in contract.query._declared_fields


def _content(spec: APISpec, declared: Declared) -> dict[str, Any]:
    """The body of an answer by media type: JSON with its schema, or another type as a string."""
    if declared.schema is None:
        text = {"schema": {"type": "string"}, "example": declared.example}
        return {declared.media_type: text} if declared.media_type else {}
    name, own = add_schema(spec, declared.schema), declared.media_type or JSON
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


def _headers(texts: Mapping[str, str]) -> dict[str, JSONSchema]:
    return {
        name: {"description": text, "schema": HEADER_SCHEMAS.get(name, {"type": "string"})}
        for name, text in texts.items()
    }


def _problems(spec: APISpec, contract: Contract) -> dict[str, Any]:
    """Every problem that can come, by status; operations with the same codes share one component."""
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
        409: {"Retry-After": "Seconds to wait, where the first request with an `Idempotency-Key` still runs."},
        412: {"ETag": "The present entity tag."},
        415: {"Accept": "What is read here.", "Accept-Patch": "What is read by PATCH."},
        503: {"Retry-After": "Seconds to wait."},
    }.get(status, {})
    return _headers({**own, **HEADERS})


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
