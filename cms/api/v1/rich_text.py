"""Rich text as editors write it: Markdown, HTML or blocks."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
from marshmallow import ValidationError

from cms.api.http.fields import TEXT_PATTERN, Field, JSONSchema, Schema, Text, fault
from cms.api.v1.blocks import WRITTEN, TypedList
from cms.content.renditions import BLOCKS
from cms.rendering import render

SOURCE_CHARACTERS = 250_000
SOURCE_BYTES = 500_000
"""The limit for blocks, as JSON, which needs more characters than Markdown for the same text."""
OBJECTS_AT_MOST = 10_000
"""The limit for blocks, spans, links, rows and cells together: each of them costs more than its size suggests."""
TEXTS = ("markdown", "html")
MEMBERS = {"format", "source"}


class RichText(Field):
    """Rich text as editors write it: a string of Markdown, or an object that names its format."""

    example: Any = {"format": "markdown", "source": "## A heading\n\nA short paragraph.\n"}
    formats = (*TEXTS, BLOCKS)
    text = Text(SOURCE_CHARACTERS)
    blocks = TypedList(WRITTEN)

    def json_schema(self) -> JSONSchema:
        text = {"format": {"type": "string", "enum": list(TEXTS)}, "source": self.text.json_schema()}
        blocks = {"format": {"type": "string", "enum": [BLOCKS]}, "source": self.blocks.json_schema()}
        return {
            "oneOf": [
                self._markdown_string(),
                *(_object_schema(each) | {"required": sorted(MEMBERS)} for each in (text, blocks)),
            ]
        }

    def patch_schema(self) -> JSONSchema:
        """The JSON Schema in a merge patch: either member alone changes the present text."""
        source = {"oneOf": [self.text.json_schema(), self.blocks.json_schema()]}
        either = _object_schema({"format": {"type": "string", "enum": list(self.formats)}, "source": source})
        return {"oneOf": [self._markdown_string(), either]}

    def schemas(self) -> Iterator[type[Schema]]:
        yield from self.blocks.schemas()

    def _markdown_string(self) -> JSONSchema:
        return {"type": "string", "maxLength": SOURCE_CHARACTERS, "pattern": TEXT_PATTERN, "description": "Markdown."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:
        if isinstance(value, str):
            value = {"format": "markdown", "source": value}
        if not isinstance(value, dict):
            raise fault("invalid_type", "This must be a string of Markdown, or an object with `format` and `source`.")
        errors: dict[str, Any] = {
            name: fault("unknown_field", "Unknown field.").messages for name in value.keys() - MEMBERS
        }
        errors |= {name: fault("required", "This is required.").messages for name in MEMBERS - value.keys()}
        if "format" in value and value["format"] not in self.formats:
            errors["format"] = fault("unknown_value", f"This must be one of {', '.join(self.formats)}.").messages
        elif "source" in value:
            try:
                self._check_source(value.get("format"), value["source"])
            except ValidationError as error:
                errors["source"] = error.messages
        if errors:
            raise ValidationError(errors)
        # The source as it was sent, not as it was loaded: reading the draft returns exactly what was sent.
        return {"format": value["format"], "source": value["source"]}

    def prepare(self, value: dict[str, Any]) -> None:
        """Render the text before the transaction begins, so that no other writer waits for it.

        The renderer remembers the result, and the write finds it there.
        """
        render(value["format"], value["source"])

    def prepare_patch(self, patch: Any) -> None:
        with suppress(ValidationError):  # Its faults are reported with those of the whole document.
            self.prepare(self.deserialize(_probable(patch)))

    def _check_source(self, format: Any, source: Any) -> None:
        if format != BLOCKS:
            self.text.deserialize(source)
            return
        if (number := _objects_in(source)) > OBJECTS_AT_MOST:
            raise fault("too_many", f"This has {number} objects at all depths. The limit is {OBJECTS_AT_MOST}.")
        self.blocks.deserialize(source)
        if (size := len(orjson.dumps(source))) > SOURCE_BYTES:
            raise fault("too_long", f"This has {size} bytes of JSON. The limit is {SOURCE_BYTES}.")


def _probable(patch: Any) -> Any:
    """The rich text that a patch probably makes: without a ``format``, a list is blocks, and anything else Markdown."""
    if not isinstance(patch, dict) or "format" in patch:
        return patch
    return {"format": BLOCKS if isinstance(patch.get("source"), list) else "markdown", **patch}


def _objects_in(source: Any) -> int:
    """The number of objects at every depth. It uses no recursion, since the depth is not checked yet."""
    number, remaining = 0, [source]
    while remaining:
        value = remaining.pop()
        if isinstance(value, dict):
            number += 1
            remaining.extend(value.values())
        elif isinstance(value, list):
            remaining.extend(value)
    return number


def _object_schema(members: JSONSchema) -> JSONSchema:
    return {"type": "object", "properties": members, "additionalProperties": False}
