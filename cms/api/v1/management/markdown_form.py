"""Drafts as Markdown with front matter, read and written, with the same schema and the same faults as JSON.

The front matter has the written fields, and below it is the source of the type's first rich text. The source is
Markdown unless the front matter names another format, such as ``body: {format: html}``; blocks are written as JSON.
Reading adds the members that identify the entry (``id``, ``type``, ``url``, ``version``, ``updated_at``). Writing
ignores them, but refuses the ``id`` of another entry.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from cms.api.http.body import OtherForm, decoded, parse
from cms.api.http.contract import Form
from cms.api.http.problems import MalformedRequest
from cms.api.http.responses import content_type
from cms.api.v1.rich_text import SOURCE_BYTES
from cms.api.v1.schemas import ContentResource, Written, fields_of
from cms.content.editing.drafts import Draft
from cms.content.renditions import BLOCKS
from cms.content.types import ContentType
from cms.errors import Fault, Invalid
from cms.rendering.front_matter import FRONT_MATTER_CHARACTERS, FrontMatterError, as_written, read_front_matter

MARKDOWN = "text/markdown"
AS_MARKDOWN = Form(
    "Front matter with the written fields, with references as slugs if these are unambiguous, and below it the first "
    "rich text as it was written. Sending it back unchanged changes nothing.",
    "---\ntitle: A quiet morning at the bench\nslug: a-quiet-morning\n---\n\nBefore the shop opens.\n",
)
IDENTITY = ("id", "type", "url", "version", "updated_at")
LEFT_OUT = ("note",)


def also_read(resource: ContentResource) -> dict[str, OtherForm]:
    """The media types besides JSON in which an entry of this type can be sent."""
    if not resource.type.bodies:
        return {}
    main = resource.type.bodies[0]
    description = (
        f"Front matter with the fields in YAML, and below it the source of `{main}`: Markdown, unless the front matter "
        f"has `{main}: {{format: html}}`. The members that reading adds (`{'`, `'.join(IDENTITY)}`) are ignored, "
        "but the `id` of another entry is refused."
    )
    others = {name: value for name, value in resource.example.items() if name != main}
    example = as_written(others, "The paste has to be **warm** and smooth.\n")
    longest = FRONT_MATTER_CHARACTERS + SOURCE_BYTES
    return {MARKDOWN: OtherForm(lambda content: _read(resource.type, content), description, example, longest)}


def also_answered(resource: ContentResource) -> dict[str, Form]:
    """The media types besides JSON in which a draft of this type can be read."""
    return {MARKDOWN: AS_MARKDOWN} if resource.type.bodies else {}


def _read(kind: ContentType, content: bytes) -> dict[str, Any]:
    """The document that the schema validates; raises ``MalformedRequest`` or ``Invalid``."""
    try:
        fields, text = read_front_matter(decoded(content))
    except FrontMatterError as error:
        raise MalformedRequest(f"The front matter cannot be read: {error}.") from None
    _check_id(fields.get("id"))
    document = {name: value for name, value in fields.items() if name not in IDENTITY}
    main = kind.bodies[0]
    if text.strip():
        document[main] = _rich_text(main, document.get(main), text)
    return document


def _check_id(given: Any) -> None:
    """Refuse the file of another entry than the one in the address, so that a slip overwrites nothing."""
    asked = (request.view_args or {}).get("entry_id")
    if asked is not None and given not in (None, asked):
        raise Invalid(Fault("immutable", "This must be the id of the entry in the address.", "#/id"))


def _rich_text(name: str, described: Any, text: str) -> Any:
    """The rich text whose source is ``text``; of it the front matter can have only the format."""
    if described is None:
        return text
    if not isinstance(described, dict) or "source" in described:
        detail = "With a text below the front matter, this can have only a `format`."
        raise Invalid(Fault("excluded", detail, f"#/{name}"))
    return described | {"source": parse(text.encode()) if described.get("format") == BLOCKS else text}


def markdown_response(resource: ContentResource, draft: Draft, content: Mapping[str, Any], etag: str) -> Response:
    """The response with a draft as Markdown; ``content`` has the written fields as JSON values."""
    document = _document(resource, draft, content)
    headers = {"Cache-Control": "no-store", "ETag": etag}
    return Response(document, headers=headers, content_type=content_type(MARKDOWN))


def _document(resource: ContentResource, draft: Draft, content: Mapping[str, Any]) -> str:
    main = resource.type.bodies[0]
    # The type's own fields come first, as a person would write them.
    shared = Written._declared_fields
    declared = sorted(fields_of(resource.written).items(), key=lambda each: each[0] in shared)
    front_matter = {
        name: content[name]
        for name, field in declared
        if name in content and name not in (main, *LEFT_OUT) and content[name] != _default(field)
    }
    described, text = _divided(content.get(main))
    if described is not None:
        front_matter[main] = described
    identity = {"id": draft.entry.id, "type": draft.entry.type, "version": draft.entry.version}
    return as_written({**front_matter, **identity}, text)


def _default(field: Any) -> Any:
    return field.load_default() if callable(field.load_default) else field.load_default


def _divided(rich_text: Any) -> tuple[Any, str]:
    """The parts of a rich text in the front matter and below it. A text of spaces only stays in the front matter."""
    if rich_text is None:
        return None, ""
    name, source = rich_text["format"], rich_text["source"]
    if name == BLOCKS:
        return {"format": name}, json.dumps(source, ensure_ascii=False, indent=2) + "\n"
    if not source.strip():
        return rich_text, ""
    return None if name == "markdown" else {"format": name}, source
