"""The schemas of blocks: Portable Text as it is written and as it is delivered, both declared once.

Written blocks may leave out what the service fills in: keys, marks, the normal style. Delivered blocks have these, and
leave out the optional members without a value, since Portable Text has no null.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from marshmallow import ValidationError, validates_schema

from cms.api.http import address_fields, fields
from cms.api.http.fields import FAULTS_AT_MOST, JSONSchema, Schema, fault
from cms.rendering.blocks import DECORATORS, LIST_KINDS, PULL_OUTS, STYLES
from cms.rendering.blocks.canonical import TRUSTS
from cms.rendering.blocks.embeds import PROVIDERS, embed_of, provider_of

BLOCKS_AT_MOST = 2000
SPANS_AT_MOST = 2000
ROWS_AT_MOST = 2000
CELLS_AT_MOST = 100
TEXT_LENGTH = 100_000
DELIVERED_AT_MOST = 100_000
FRAME_HEIGHT = 10_000
KEY_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
LANGUAGE_PATTERN = r"^[A-Za-z0-9_+#.-]{1,40}$"
HEADING_ID_PATTERN = r"^[a-z0-9-]{1,80}$"

Schemas = dict[str, type[Schema]]


@lru_cache(maxsize=64)
def _instance(schema: type[Schema]) -> Schema:
    return schema()


class Typed(fields.Field):
    """An object with one of several schemas, which its ``_type`` names."""

    def __init__(self, schemas: Mapping[str, type[Schema]], **options: Any) -> None:
        super().__init__(**options)
        self.known = schemas

    def json_schema(self) -> JSONSchema:
        references = {name: {"$ref": f"#/components/schemas/{each.__name__}"} for name, each in self.known.items()}
        mapping = {name: each["$ref"] for name, each in references.items()}
        return {
            "oneOf": list(references.values()),
            "discriminator": {"propertyName": "_type", "mapping": mapping},
            **fields.EXTENSIBLE,
        }

    def schemas(self) -> Iterator[type[Schema]]:
        yield from self.known.values()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not isinstance(value, dict):
            raise fault("invalid_type", "This must be an object.")
        if "_type" not in value and "type" in value:
            value = {"_type" if name == "type" else name: each for name, each in value.items()}
        if "_type" not in value:
            raise ValidationError({"_type": fault("required", "This is required.").messages})
        kind = value["_type"]
        schema = self.known.get(kind) if isinstance(kind, str) else None
        if schema is None:
            detail = f"This must be one of {', '.join(self.known)}."
            raise ValidationError({"_type": fault("unknown_value", detail).messages})
        return _instance(schema).load(value)


class TypedList(fields.Many):
    """A list of such objects, each with a different key."""

    def __init__(self, schemas: Mapping[str, type[Schema]], most: int = BLOCKS_AT_MOST, **options: Any) -> None:
        super().__init__(Typed(schemas), most=most, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        loaded: list[Any] = []
        errors: dict[int, Any] = {}
        try:
            loaded = super()._deserialize(value, attr, data, **options)
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            errors = error.messages
        for position in islice(_repeated_keys(value), FAULTS_AT_MOST):
            if isinstance(errors.setdefault(position, {}), dict):
                message = fault("duplicate", "Another object in this list has the same key.").messages
                errors[position].setdefault("_key", message)
        if errors:
            raise ValidationError(dict(sorted(errors.items())))
        return loaded


def _repeated_keys(items: list[Any]) -> Iterator[int]:
    taken = set()
    for position, each in enumerate(items):
        key = each.get("_key") if isinstance(each, dict) else None
        if isinstance(key, str):
            if key in taken:
                yield position
            taken.add(key)


class Alignment(fields.Choice):
    """The alignment of a column; null if it has none."""

    def __init__(self) -> None:
        super().__init__("left", "center", "right", allow_none=True)

    def json_schema(self) -> JSONSchema:
        return {"type": ["string", "null"], "enum": [*self.words, None]}


class MarkedText(Schema):
    """A rule that JSON Schema cannot state: a mark is a decorator, or the key of one of the block's ``markDefs``."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_marks(self, data: Any, original: Any, **_: Any) -> None:
        keys = {each.get("_key") for each in _objects(original.get("markDefs")).values()}
        known = {*DECORATORS, *(each for each in keys if isinstance(each, str))}
        unknown = (
            (position, place, messages)
            for position, child in _objects(original.get("children")).items()
            for place, messages in _unknown_marks(child.get("marks"), known)
        )
        errors: dict[int, Any] = {}
        for position, place, messages in islice(unknown, FAULTS_AT_MOST):
            errors.setdefault(position, {"marks": {}})["marks"][place] = messages
        if errors:
            raise ValidationError({"children": errors})


def _objects(value: Any) -> dict[int, dict[str, Any]]:
    """The objects in a value that should be a list of objects, by position."""
    items = value if isinstance(value, list) else []
    return {place: each for place, each in enumerate(items) if isinstance(each, dict)}


def _unknown_marks(marks: Any, known: set[str]) -> Iterator[tuple[int, Any]]:
    for position, mark in enumerate(marks if isinstance(marks, list) else ()):
        if isinstance(mark, str) and mark not in known:
            detail = f"This must be a key in `markDefs` or one of {', '.join(DECORATORS)}."
            yield position, fault("unknown_mark", detail).messages


class KnownEmbed(Schema):
    """The rule of an embed: its address must be one that a known provider can embed."""

    @validates_schema
    def check_provider(self, data: Any, **_: Any) -> None:
        if provider_of(data["url"]) is None:
            detail = f"This is not an address of a known provider. Use one of: {', '.join(PROVIDERS)}."
            raise ValidationError({"url": fault("unknown_provider", detail).messages})
        if embed_of(data["url"]) is None:
            example = PROVIDERS[str(provider_of(data["url"]))].example
            detail = f"This address cannot be embedded. An example of one that can: {example}."
            raise ValidationError({"url": fault("invalid_url", detail).messages})


class ValuedPullOut(Schema):
    """The rule of a pull-out: a statistic must have a value, and the other kinds must not."""

    @validates_schema
    def check_value(self, data: Any, **_: Any) -> None:
        is_statistic, has_value = data["kind"] == "statistic", data.get("value") is not None
        if is_statistic and not has_value:
            raise ValidationError({"value": fault("required", "A statistic must have a value, such as 87 %.").messages})
        if has_value and not is_statistic:
            raise ValidationError({"value": fault("excluded", "Only a statistic can have a value.").messages})


class _Family:
    """The schemas of all blocks, as they are written or as they are delivered."""

    def __init__(self, *, delivered: bool) -> None:
        self.delivered = delivered
        self.flow: Schemas = {}
        """The blocks that a container can hold."""
        self.whole: Schemas = {}
        """The blocks that a rich text can hold."""
        self._declare()

    def _defaulting_to(self, default: Any) -> dict[str, Any]:
        """The options of a member that has a default when it is not written, and is always delivered."""
        return {"required": True} if self.delivered else {"load_default": default}

    def _optional(self) -> dict[str, Any]:
        """The options of a member that is delivered only if it was written."""
        return {} if self.delivered else {"load_default": None, "allow_none": True}

    def _made(
        self, kind: str, name: str, text: str, members: Mapping[str, Any], rule: type[Schema] = Schema
    ) -> type[Schema]:
        identity = {
            "_type": fields.Choice(kind, required=True),
            "_key": fields.Line(
                64,
                pattern=KEY_PATTERN,
                required=self.delivered,
                example="4b4b89793ae3",
                description="Unique among its siblings; by default made from the content.",
            ),
        }
        if self.delivered:
            members = {each: _unlimited(field) for each, field in members.items()}
        parent = Schema if self.delivered else rule
        return type(name if self.delivered else f"{name}Write", (parent,), {**identity, **members, "__doc__": text})

    def _declare(self) -> None:
        self.flow["block"] = self._text_block()
        self.flow["code"] = self._code()
        self.flow["image"] = self._image()
        self.flow["horizontal-rule"] = self._made("horizontal-rule", "HorizontalRule", "A thematic break.", {})
        self.flow["table"] = self._table()
        self.flow["list"] = self._list()
        self.flow["blockquote"] = self._made(
            "blockquote",
            "Blockquote",
            "A quotation that holds more than paragraphs; a simpler one is text blocks with the style `blockquote`.",
            {"content": TypedList(self.flow, required=True)},
        )
        self.flow["call-to-action"] = self._call_to_action()
        self.flow["pull-out"] = self._pull_out()
        self.flow["embed"] = self._embed()
        if not self.delivered:
            self.flow["markdown"] = self._markdown()
        self.whole |= self.flow
        self.whole["html"] = self._html()

    def _text_block(self) -> type[Schema]:
        link = self._made(
            "link",
            "LinkMark",
            "A link; spans name its key in their `marks`.",
            {
                "href": address_fields.Address(
                    address_fields.HREF_PATTERN, shortest=0, required=True, example="/visit"
                ),
                "title": fields.Line(500, **self._optional()),
            },
        )
        # Spans name a link by its key, so the key must always be written.
        link._declared_fields["_key"].required = True
        span = self._made(
            "span",
            "Span",
            "Text with the same marks throughout; a newline in it is a line break.",
            {
                "text": fields.Text(TEXT_LENGTH, required=True, example="A short paragraph."),
                "marks": self._mark_list(),
            },
        )
        inline = self._made("image", "InlineImage", "An image within a line of text.", self._image_members())
        members = {
            "style": fields.Choice(*STYLES, **self._defaulting_to("normal")),
            "listItem": fields.Choice(
                *LIST_KINDS,
                description="Makes the block an item of a list; adjacent items form one list.",
                **self._optional(),
            ),
            "level": fields.Whole(1, 50, description="The depth of a list item; by default 1.", **self._optional()),
            "start": fields.Whole(
                0, 999_999_999, description="The first number of a new numbered list.", **self._optional()
            ),
            "id": fields.Line(
                80,
                pattern=HEADING_ID_PATTERN,
                example="a-heading",
                description="The id of a heading, as in `toc`; by default made from its text.",
                **self._optional(),
            ),
            "children": TypedList(
                {"span": span, "image": inline},
                SPANS_AT_MOST,
                required=True,
                description="The text and the images in it, in order.",
            ),
            "markDefs": TypedList(
                {"link": link},
                SPANS_AT_MOST,
                description="The links that `marks` name by their keys.",
                **self._defaulting_to(list),
            ),
        }
        return self._made("block", "TextBlock", "A paragraph, heading, quotation or list item.", members, MarkedText)

    def _mark_list(self) -> fields.Many:
        text = f"Keys in `markDefs`, or decorators: {', '.join(f'`{each}`' for each in DECORATORS)}."
        mark = fields.Line(64, pattern=KEY_PATTERN, example="strong")
        return fields.Many(mark, most=20, description=text, **self._defaulting_to(list))

    def _image_members(self) -> dict[str, Any]:
        return {
            "src": address_fields.Address(
                address_fields.SOURCE_PATTERN,
                required=True,
                example="/media/bench.jpg",
                description="An absolute URL, or a path on the site.",
            ),
            "alt": fields.Line(
                500, shortest=0, example="A workbench with a half-sewn book.", **self._defaulting_to("")
            ),
            "title": fields.Line(500, **self._optional()),
            "width": fields.Whole(1, 99_999, description="The width in pixels.", **self._optional()),
            "height": fields.Whole(1, 99_999, description="The height in pixels.", **self._optional()),
            "marks": fields.Many(fields.Line(64, pattern=KEY_PATTERN, example="m0"), most=20, **self._optional()),
        }

    def _image(self) -> type[Schema]:
        members = {name: field for name, field in self._image_members().items() if name != "marks"}
        members["caption"] = fields.Line(500, **self._optional())
        return self._made("image", "ImageBlock", "An image that stands alone.", members)

    def _code(self) -> type[Schema]:
        members = {
            "language": fields.Line(40, pattern=LANGUAGE_PATTERN, example="python", **self._optional()),
            "code": fields.Text(TEXT_LENGTH, required=True, example="print(1)"),
        }
        return self._made("code", "CodeBlock", "A block of code.", members)

    def _table(self) -> type[Schema]:
        cell = self._made("cell", "TableCell", "A cell of a table.", {"value": TypedList(self.flow, required=True)})
        cells = TypedList({"cell": cell}, CELLS_AT_MOST, required=True)
        row = self._made("row", "TableRow", "A row of a table.", {"cells": cells})
        members = {
            "headerRows": fields.Whole(
                0, ROWS_AT_MOST, description="The number of header rows at the top.", **self._defaulting_to(0)
            ),
            "alignment": fields.Many(
                Alignment(), most=CELLS_AT_MOST, description="The alignment of each column.", **self._optional()
            ),
            "rows": TypedList({"row": row}, ROWS_AT_MOST, required=True),
        }
        return self._made("table", "TableBlock", "A table.", members)

    def _list(self) -> type[Schema]:
        item = self._made(
            "list-item", "ListItem", "An item of a list.", {"content": TypedList(self.flow, required=True)}
        )
        members = {
            "kind": fields.Choice(*LIST_KINDS, **self._defaulting_to("bullet")),
            "start": fields.Whole(
                0, 999_999_999, description="The first number of a numbered list.", **self._optional()
            ),
            "items": TypedList({"list-item": item}, required=True),
        }
        text = "A list whose items hold more than paragraphs and lists; a simpler one is text blocks with `listItem`."
        return self._made("list", "ListBlock", text, members)

    def _call_to_action(self) -> type[Schema]:
        members = {
            "label": fields.Line(80, required=True, example="Book a first visit"),
            "url": address_fields.URL(paths=True, required=True, example="/visit"),
            "style": fields.Choice("primary", "secondary", "link", **self._defaulting_to("primary")),
        }
        return self._made(
            "call-to-action", "CallToActionBlock", "A button or link that asks the reader to do something.", members
        )

    def _pull_out(self) -> type[Schema]:
        members = {
            "kind": fields.Choice(*PULL_OUTS, required=True),
            "title": fields.Line(120, **self._optional()),
            "value": fields.Line(60, example="87 %", description="The value of a statistic.", **self._optional()),
            "content": TypedList(self.flow, **self._defaulting_to(list)),
            "cite": fields.Line(
                200, description="The person or publication quoted.", example="Orla Wrenmoor", **self._optional()
            ),
            "url": address_fields.URL(paths=True, description="The address of the source.", **self._optional()),
        }
        text = "Text that is set apart: a quote, a note, a warning or a statistic."
        return self._made("pull-out", "PullOutBlock", text, members, ValuedPullOut)

    def _embed(self) -> type[Schema]:
        example = PROVIDERS["youtube"].example
        members: dict[str, Any] = {
            "url": address_fields.URL(
                required=True, example=example, description=f"An address at one of: {', '.join(PROVIDERS)}."
            ),
            "title": fields.Line(200, **self._optional()),
            "caption": fields.Line(500, **self._optional()),
        }
        if self.delivered:
            members["provider"] = fields.Choice(*PROVIDERS, extensible=True, required=True)
            members["id"] = fields.Line(
                250, required=True, example="M7lc1UVf-VE", description="The id at the provider."
            )
            members["player_url"] = address_fields.URL(
                required=True, description="The address for an `iframe` that shows it."
            )
            members["aspect_ratio"] = fields.Choice("16:9", "1:1", "9:16", required=True, allow_none=True)
        text = "A video, sound or post of a known provider, as data: it loads nothing from the provider."
        return self._made("embed", "EmbedBlock", text, members, KnownEmbed)

    def _markdown(self) -> type[Schema]:
        source = fields.Text(TEXT_LENGTH, required=True, example="Some **words**.")
        text = "Markdown, which is delivered as the blocks that it describes; HTML in it is sanitised."
        return self._made("markdown", "MarkdownBlock", text, {"markdown": source})

    def _html(self) -> type[Schema]:
        members: dict[str, Any] = {
            "trust": fields.Choice(
                *TRUSTS,
                required=True,
                description="`sandboxed` runs in a frame without the page's origin. `raw` is delivered unchanged, and "
                "writing it needs the scope `html:raw`.",
            ),
            "title": fields.Line(
                200, description="The title of the frame; it replaces the frame in plain text.", **self._optional()
            ),
            "height": fields.Whole(
                1, FRAME_HEIGHT, description="The height of the frame in CSS pixels.", example=320, **self._optional()
            ),
        }
        sources = {
            name: fields.Text(TEXT_LENGTH, description=text, **self._optional())
            for name, text in {
                "css": "CSS, for a `style` element before the HTML.",
                "js": "JavaScript, for a `script` element after the HTML.",
            }.items()
        }
        if self.delivered:
            members["iframe"] = fields.Group(Frame, description="The frame of sandboxed HTML.")
            members["html"] = fields.Text(TEXT_LENGTH, description="The HTML, if it is raw.")
        else:
            members["html"] = fields.Text(TEXT_LENGTH, required=True, example="<canvas></canvas>")
        text = "HTML written by hand, with a declared trust. Sandboxed HTML is never inlined in any format."
        return self._made("html", "HTMLBlock", text, members | sources)


def _unlimited(field: fields.Field) -> fields.Field:
    """The field as delivered, without limits: blocks made from Markdown or HTML can be longer than written ones."""
    if isinstance(field, fields.Many):
        field.most = DELIVERED_AT_MOST
    if not isinstance(field, fields.Line | fields.Text):
        return field
    return fields.Delivered({"type": "string"}, required=field.required, example=field.example, **field.metadata)


class Frame(Schema):
    """The attributes of the `iframe` element that shows sandboxed HTML."""

    srcdoc = fields.Delivered({"type": "string"}, required=True, example="<!doctype html>…")
    sandbox = fields.Delivered(
        {"type": "string"}, required=True, description="It never has `allow-same-origin`.", example="allow-scripts"
    )
    csp = fields.Delivered(
        {"type": "string"},
        required=True,
        description="The content security policy, which is also in `srcdoc`.",
        example="default-src",
    )
    referrerpolicy = fields.Delivered({"type": "string"}, required=True, example="no-referrer")
    loading = fields.Delivered({"type": "string"}, required=True, example="lazy")
    title = fields.Delivered({"type": ["string", "null"]}, required=True)
    height = fields.Whole(1, FRAME_HEIGHT, required=True, allow_none=True, description="The height in CSS pixels.")


WRITTEN: Schemas = _Family(delivered=False).whole
DELIVERED: Schemas = _Family(delivered=True).whole
