"""The operations of the OpenAPI document as requests that an API client can send."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cms.api.http.fields import Id, Time

JSONObject = Mapping[str, Any]

# Where an operation reads several media types, each has a request of its own, named after the type.
FORMS = {"text/markdown": "Markdown"}
SENT_ALWAYS = ("If-Match",)
"""Headers that a careful client sends with every change that accepts them."""


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path, the query or the headers; ``sent`` is false if it is only suggested."""

    name: str
    value: str
    description: str
    sent: bool


@dataclass(frozen=True)
class Request:
    """One request: its name, its address, what it sends, and the parts of its answer that other requests need."""

    operation_id: str
    name: str
    folder: str
    summary: str
    description: str
    method: str
    path: str
    is_public: bool
    path_parameters: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    media_type: str | None
    body: str | None
    answered_id: str | None
    """The place of the id for other operations in the body of the answer, such as ``/data/0/id``."""
    answers_tag: bool
    """True if the answer has the entity tag that the next change needs."""

    @property
    def variable(self) -> str:
        """The beginning of the names of the variables with the id and the entity tag, such as ``articles``."""
        return variable_of(self.path)


def requests_of(document: JSONObject) -> list[Request]:
    """A request for each operation and media type of the document, in the order of the document."""
    return [
        request
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for request in _requests(path, method, operation)
    ]


def folders_of(document: JSONObject) -> dict[str, str]:
    """The tags of the document with their descriptions, in the order of the document."""
    return {tag["name"]: tag["description"] for tag in document["tags"]}


def variable_of(path: str, parameter: str = "") -> str:
    """The segment before a parameter of a path, as a word; without ``parameter``, that before the first one.

    Example: ``articles`` for ``/manage/articles/{entry_id}/revisions``, with and without ``entry_id``.
    """
    before = path.partition(f"/{{{parameter}")[0]
    return re.sub(r"\W", "_", before.rsplit("/")[-1])


def _requests(path: str, method: str, operation: JSONObject) -> Iterator[Request]:
    contents: Mapping[str | None, Any] = operation.get("requestBody", {}).get("content") or {None: {}}
    for media_type, content in contents.items():
        is_first = media_type == next(iter(contents))
        success = _success(operation)
        yield Request(
            operation_id=operation["operationId"],
            name=readable(operation["operationId"]) + ("" if is_first else f" from {FORMS[str(media_type)]}"),
            folder=operation["tags"][0],
            summary=operation["summary"],
            description=inspect.cleandoc(operation["description"]),
            method=method.upper(),
            path=path,
            is_public=not operation["security"],
            path_parameters=tuple(_path_parameters(path, operation)),
            query=tuple(_parameters(operation, "query")),
            headers=tuple(_headers(method, operation, media_type)),
            media_type=media_type,
            body=_text_of(content["example"]) if media_type else None,
            answered_id=_answered_id(success),
            answers_tag=bool(operation["security"]) and "ETag" in success.get("headers", {}),
        )


def readable(operation_id: str) -> str:
    """The id of an operation as words that any file system can hold: ``createArticle`` is ``Create article``."""
    words = re.findall(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+", operation_id)
    text = " ".join(word if word[:2].isupper() else word.lower() for word in words)
    return text[0].upper() + text[1:]


def _success(operation: JSONObject) -> JSONObject:
    answers: Mapping[str, JSONObject] = operation["responses"]
    return next((answer for status, answer in answers.items() if status.startswith("2")), {})


def _path_parameters(path: str, operation: JSONObject) -> Iterator[Parameter]:
    for each in operation["parameters"]:
        if each["in"] == "path":
            is_number = each["schema"]["type"] == "integer"
            value = str(each["schema"]["minimum"]) if is_number else f"{{{{{variable_of(path, each['name'])}_id}}}}"
            yield Parameter(each["name"], value, each["description"], sent=True)


def _parameters(operation: JSONObject, place: str) -> Iterator[Parameter]:
    for each in operation["parameters"]:
        if each["in"] == place:
            value = each.get("example", sample(each["schema"]))
            yield Parameter(each["name"], str(value), _meaning(each), sent=each["required"])


def _meaning(parameter: JSONObject) -> str:
    """The description of a parameter, and its possible values."""
    schema = parameter["schema"]
    words = schema.get("items", schema).get("enum", ())
    sentences = [parameter.get("description", ""), f"Values: {', '.join(words)}." if words else ""]
    return " ".join(each for each in sentences if each)


def _headers(method: str, operation: JSONObject, media_type: str | None) -> Iterator[Parameter]:
    if media_type is not None:
        yield Parameter("Content-Type", media_type, "", sent=True)
    for each in _parameters(operation, "header"):
        is_sent = each.sent or (method != "get" and each.name in SENT_ALWAYS)
        yield Parameter(each.name, each.value, each.description, sent=is_sent)


def sample(schema: JSONObject) -> str:
    """A value of a query parameter that can be sent; empty if only the client can know one."""
    inner = next(iter(schema.get("anyOf") or schema.get("oneOf") or [schema.get("items", schema)]))
    kinds = inner.get("type", "string")
    values = (
        inner.get("default"),
        next(iter(inner.get("enum", ())), None),
        {"date-time": Time.example, "uuid": Id.example}.get(inner.get("format", "")),
        {"boolean": True, "integer": inner.get("minimum", 1)}.get(kinds if isinstance(kinds, str) else kinds[0]),
    )
    value = next((each for each in values if each is not None), "")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text_of(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, ensure_ascii=False, indent=2)


def _answered_id(success: JSONObject) -> str | None:
    """The expression for the id in the links of the document, without the part that names the body."""
    expressions = {
        expression
        for link in success.get("links", {}).values()
        for name, expression in link["parameters"].items()
        if name.startswith("path.")
    }
    return expressions.pop().removeprefix("$response.body#") if expressions else None
