"""What the schemas of every content type share, and the wrappers that lists and items come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import JSONSchema, Schema, nullable
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST
from cms.api.problem_types import WARNINGS
from cms.api.v1.blocks import DELIVERED, TypedList
from cms.api.versions import V1
from cms.content.types import ContentType

TEXT: JSONSchema = {"type": "string"}
OBJECT: JSONSchema = {"type": "object"}
ID = fields.Id().json_schema()
LINKED_DATA_SCHEMA: JSONSchema = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {"@context": TEXT, "@graph": {"type": "array", "items": OBJECT}},
}
LINKED_DATA_EXAMPLE = {"@context": "https://schema.org", "@graph": []}


class Image(Schema):
    """A picture by address, with what a page needs to place and describe it."""

    url = address_fields.URL(paths=True, required=True, example="https://harbour-and-reed.example/media/bench.jpg")
    alt = fields.Line(300, shortest=0, load_default="", example="A workbench with a half-sewn book.")
    width = fields.Whole(1, 50_000, load_default=None, allow_none=True, example=1600)
    height = fields.Whole(1, 50_000, load_default=None, allow_none=True, example=900)


class Written(Schema):
    """The fields that an editor may write on every type."""

    slug = entry_fields.Slug(
        load_default=None, allow_none=True, description="Else made from the title; kept when the title changes."
    )
    locale = fields.Locale(load_default=None, allow_none=True, description="Else the site's default; fixed once made.")
    translation_of = entry_fields.EntryName(
        load_default=None,
        allow_none=True,
        description="Id or slug of the entry of the same type that this one translates.",
    )
    extra = fields.FreeObject(load_default=dict, description="Anything the frontend needs besides; at most 16 KB.")
    note = fields.Line(
        500, load_default=None, allow_none=True, description="Kept on the revision.", example="Shorter opening."
    )


class Document(Schema):
    """The fields that delivery gives of every type."""

    id = fields.Id(required=True)
    type = fields.Delivered(TEXT, required=True, example="article", description="The name of the content type.")
    locale = fields.Locale(required=True, description="The language that came, which may be a fallback.")
    slug = entry_fields.Slug(required=True, allow_none=True)
    version = fields.Whole(1, required=True, description="The number of the revision that is live.")
    url = address_fields.URL(
        required=True,
        allow_none=True,
        description="The canonical address, from the site's pattern.",
        example="https://harbour-and-reed.example/blog/a-quiet-morning",
    )
    published_at = fields.Time(required=True, description="The editorial date, else the first moment it was live.")
    updated_at = fields.Time(required=True, description="When its last change went live.")


class Body(Schema):
    """Rich text in the formats that were asked for; HTML alone unless `formats` says otherwise."""

    html = fields.Delivered(TEXT, example='<h2 id="a-heading">A heading</h2>\n<p>A short paragraph.</p>\n')
    markdown = fields.Delivered(TEXT, description="As written where Markdown was written.")
    text = fields.Delivered(TEXT, description="Without any markup.")
    blocks = TypedList(DELIVERED, description="Portable Text.")


class Breadcrumb(Schema):
    """A step of the way from the site's front page."""

    label = fields.Delivered(TEXT, required=True, example="Blog")
    url = fields.Delivered(TEXT, required=True, example="https://harbour-and-reed.example/blog")


class Translation(Schema):
    """The same entry in another language."""

    locale = fields.Locale(required=True, example="de")
    slug = entry_fields.Slug(required=True, allow_none=True, example="ein-stiller-morgen")
    url = address_fields.URL(
        required=True, allow_none=True, example="https://harbour-and-reed.example/blog/ein-stiller-morgen"
    )


def ref(name: str) -> JSONSchema:
    """A reference to a component by name, for schemas that hold each other."""
    return {"$ref": f"#/components/schemas/{name}"}


def embeds(*names: str, identifiers: bool = False, many: bool = True) -> JSONSchema:
    """Entries embedded as ids, cards or in full."""
    choices = [ID] * identifiers + [ref(name) for name in names]
    one = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {"type": "array", "items": one} if many else one


def linked_data() -> fields.Delivered:
    """The field of a JSON-LD graph."""
    return fields.Delivered(
        LINKED_DATA_SCHEMA,
        description=(
            "By `include`: one schema.org `@graph`. Plain data: whoever writes it into a script element must escape "
            "`<` as `\\u003c` after serialising; an answer in `application/ld+json` can be pasted as it is."
        ),
        example=LINKED_DATA_EXAMPLE,
    )


class PageQuery(Schema):
    """Which page of a list."""

    is_query = True

    limit = fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20)
    cursor = fields.Line(2000, description="`page.next` of the page before.")


class PageInformation(Schema):
    """Where a list stands."""

    limit = fields.Whole(1, 100, required=True, example=20)
    next = fields.Delivered(nullable(TEXT), required=True, example=None, description="The cursor of the next page.")
    total = fields.Whole(0, description="Only with `include_total=true`.", example=12)


class PageLinks(Schema):
    """Addresses of this page and the next."""

    self = fields.Delivered(TEXT, required=True, example=f"http://127.0.0.1:8000{V1.prefix}/articles")
    next = fields.Delivered(nullable(TEXT), required=True, example=None)


class Warning(Schema):
    """Something worth knowing that did not stop the write."""

    pointer = fields.Delivered(TEXT, example="#/authors/0")
    code = fields.Choice(*WARNINGS, extensible=True, required=True, example="unpublished_author")
    detail = fields.Delivered(TEXT, required=True, example="This author is not live; delivery leaves it out.")


def fields_of(schema: type[Schema]) -> dict[str, fields.Field]:
    """The fields of a schema class, in their order."""
    return {name: field for name, field in schema._declared_fields.items() if isinstance(field, fields.Field)}


def made(name: str, doc: str, declared: Mapping[str, Any], parent: type[Schema] = Schema) -> type[Schema]:
    """A schema class with this component name."""
    return type(name, (parent,), {**declared, "__doc__": doc})


@lru_cache(maxsize=256)
def item_of(schema: type[Schema]) -> type[Schema]:
    """``{"data": {…}}``"""
    name = schema.__name__
    return made(f"{name}Item", f"One {name}.", {"data": fields.Group(schema, required=True)})


@lru_cache(maxsize=256)
def list_of(schema: type[Schema]) -> type[Schema]:
    """``{"data": […], "page": {…}, "links": {…}}``"""
    name = schema.__name__
    return made(
        f"{name}List",
        f"A page of {name}.",
        {
            "data": fields.Many(fields.Group(schema), required=True),
            "page": fields.Group(PageInformation, required=True),
            "links": fields.Group(PageLinks, required=True),
        },
    )


def changes() -> fields.Many:
    """What a dry run would change of ``data``, beside it."""
    operation: JSONSchema = {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": TEXT, "path": TEXT, "from": TEXT, "value": {}},
    }
    return fields.Many(
        fields.Delivered(operation),
        most=10_000,
        description="In a dry run of a change: a JSON Patch (RFC 6902) from what is there now to `data`.",
    )


@lru_cache(maxsize=256)
def write_of(schema: type[Schema]) -> type[Schema]:
    """``{"data": {…}, "warnings": […]}``, and ``changes`` in a dry run."""
    name = schema.__name__
    return made(
        f"{name}Written",
        f"A {name} after a write, with what is worth knowing about it.",
        {
            "data": fields.Group(schema, required=True),
            "warnings": fields.Many(fields.Group(Warning), required=True),
            "changes": changes(),
        },
    )


def managed(name: str, written: type[Schema]) -> type[Schema]:
    """The schema of a draft: what was written, and where it stands."""
    computed = {
        "version": fields.Whole(1, required=True, description="The number of the newest revision."),
        "status": fields.Choice("draft", "scheduled", "published", "unpublished", required=True, example="draft"),
        "has_unpublished_changes": fields.Flag(
            required=True, example=False, description="Whether the draft differs from what is live or planned last."
        ),
        "live_from": fields.Time(required=True, allow_none=True),
        "live_until": fields.Time(required=True, allow_none=True),
        "created_at": fields.Time(required=True),
        "updated_at": fields.Time(required=True),
        "created_by": fields.Delivered(
            nullable({"type": "object", "properties": {"id": TEXT, "name": TEXT}}),
            required=True,
            example={"id": "Q3v9sK2mB7xD", "name": "Newsroom"},
        ),
        "trashed_at": fields.Time(required=True, allow_none=True),
        "etag": fields.Delivered(TEXT, required=True, example='"42"', description="For `If-Match`."),
    }
    own = {
        name: fields.Delivered(
            nullable(field.json_schema()) if field.allow_none else field.json_schema(),
            required=True,
            example=field.sample(),
        )
        for name, field in fields_of(written).items()
        if name != "note"
    }
    head = {"id": fields.Id(required=True), "type": fields.Delivered(TEXT, required=True, example="article")}
    return made(
        f"Managed{name}", f"A working copy: {name} as written, and where it stands.", {**head, **own, **computed}
    )


SchemaClass = type[Schema]
"""A schema; ``ContentResource`` has a field named ``type``, which hides the built-in one."""


@dataclass(frozen=True, eq=False)
class ContentResource:
    """A content type on the wire: one entry of the catalogue, equal to itself alone.

    ``written`` validates what editors send, ``delivered`` declares what frontends get, in that order; ``card`` is the
    short form in which other entries embed it. ``example`` is a body that can be sent as it stands.
    """

    type: ContentType
    written: SchemaClass
    delivered: SchemaClass
    example: Mapping[str, Any]
    card: SchemaClass | None = None
    words: str | None = None
    """What its entries are called in a text; else its plural."""

    @cached_property
    def managed(self) -> SchemaClass:
        """The schema of its drafts."""
        return managed(self.name, self.written)

    @property
    def name(self) -> str:
        """The component's name, such as ``Article``."""
        return self.delivered.__name__

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.delivered._declared_fields)

    @property
    def card_fields(self) -> tuple[str, ...]:
        return tuple(self.card._declared_fields) if self.card else ("id", "slug", "url")
