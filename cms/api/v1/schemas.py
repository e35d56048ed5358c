"""The fields that the schemas of all content types share, and the schemas of lists and items."""

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
STATUS = (
    "`published`: live now. `scheduled`: not live, and planned to be. `unpublished`: was live, and nothing is planned. "
    "`draft`: was never live, and nothing is planned."
)
LIVE_FROM = "When the live publication began or, if nothing is live, when the next plan begins."
LIVE_UNTIL = "When that publication ends; null if it has no end."
UNPUBLISHED_CHANGES = "True if something is live or planned, and none of it is the newest revision."
LINKED_DATA_SCHEMA: JSONSchema = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {"@context": TEXT, "@graph": {"type": "array", "items": OBJECT}},
}
LINKED_DATA_EXAMPLE = {"@context": "https://schema.org", "@graph": []}


class Image(Schema):
    """An image at an address, with its text alternative and its size."""

    url = address_fields.URL(
        paths=True,
        required=True,
        example="https://harbour-and-reed.example/media/bench.jpg",
        description="An absolute URL, or a path on the site.",
    )
    alt = fields.Line(
        300,
        shortest=0,
        load_default="",
        example="A workbench with a half-sewn book.",
        description="The text alternative; empty for a decorative image.",
    )
    width = fields.Whole(
        1, 50_000, load_default=None, allow_none=True, example=1600, description="The width in pixels."
    )
    height = fields.Whole(
        1, 50_000, load_default=None, allow_none=True, example=900, description="The height in pixels."
    )


class Written(Schema):
    """The fields that an editor can write on every type."""

    slug = entry_fields.EntrySlug(
        load_default=None,
        allow_none=True,
        description="By default made from the title; it stays the same when the title changes.",
    )
    locale = fields.Locale(
        load_default=None,
        allow_none=True,
        description="The language; by default the site's default locale. It cannot be changed later.",
    )
    translation_of = entry_fields.EntryName(
        load_default=None,
        allow_none=True,
        description="Id or slug of the entry of the same type that this entry translates.",
    )
    extra = fields.FreeObject(load_default=dict, description="Any other data for the frontend, at most 16 KB.")
    note = fields.Line(
        500,
        load_default=None,
        allow_none=True,
        description="A note about this change, kept with the revision.",
        example="Shorter opening.",
    )


class Document(Schema):
    """The fields that delivery returns for every type."""

    id = fields.Id(required=True, description="The entry's id, which never changes.")
    type = fields.Delivered(TEXT, required=True, example="article", description="The name of the content type.")
    locale = fields.Locale(required=True, description="The language of this entry; it may be a fallback.")
    slug = entry_fields.EntrySlug(required=True, allow_none=True, description="The name of the entry in addresses.")
    version = fields.Whole(1, required=True, description="The number of the live revision.")
    url = address_fields.URL(
        required=True,
        allow_none=True,
        description="The canonical address, from the site's URL pattern; null if there is no page.",
        example="https://harbour-and-reed.example/blog/a-quiet-morning",
    )
    published_at = fields.Time(
        required=True, description="The editorial date, or else the first instant at which it was live."
    )
    updated_at = fields.Time(required=True, description="When its latest change went live.")


class Body(Schema):
    """Rich text in the requested formats; only HTML without `formats`."""

    html = fields.Delivered(
        TEXT,
        example='<h2 id="a-heading">A heading</h2>\n<p>A short paragraph.</p>\n',
        description="The text as HTML.",
    )
    markdown = fields.Delivered(
        TEXT, description="The text as Markdown; exactly as written if it was written in Markdown."
    )
    text = fields.Delivered(TEXT, description="The text without any markup.")
    blocks = TypedList(DELIVERED, description="The text as Portable Text.")


class Breadcrumb(Schema):
    """A step on the path from the site's front page to an entry."""

    label = fields.Delivered(TEXT, required=True, example="Blog")
    url = fields.Delivered(TEXT, required=True, example="https://harbour-and-reed.example/blog")


class Translation(Schema):
    """The same entry in another language."""

    locale = fields.Locale(required=True, example="de")
    slug = entry_fields.EntrySlug(required=True, allow_none=True, example="ein-stiller-morgen")
    url = address_fields.URL(
        required=True, allow_none=True, example="https://harbour-and-reed.example/blog/ein-stiller-morgen"
    )


def ref(name: str) -> JSONSchema:
    """A reference to a component by its name, for schemas that contain each other."""
    return {"$ref": f"#/components/schemas/{name}"}


def embeds(*names: str, identifiers: bool = False, many: bool = True) -> JSONSchema:
    """The JSON Schema of embedded entries: as ids, as cards or in full."""
    choices = [ID] * identifiers + [ref(name) for name in names]
    one = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {"type": "array", "items": one} if many else one


def linked_data() -> fields.Delivered:
    """The field of a JSON-LD graph."""
    return fields.Delivered(
        LINKED_DATA_SCHEMA,
        description=(
            "With `include=jsonld`: one schema.org `@graph`. Before you put it into a script element, serialise it and "
            "escape `<` as `\\u003c`. An answer in `application/ld+json` is already escaped."
        ),
        example=LINKED_DATA_EXAMPLE,
    )


class PageQuery(Schema):
    """The parameters of a page of a list."""

    is_query = True

    limit = fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20, description="The number of items on a page.")
    cursor = fields.Line(2000, description="`page.next` of the previous page.")


class PageInformation(Schema):
    """The size of the page, and the cursor of the next one."""

    limit = fields.Whole(1, 100, required=True, example=20, description="The number of items on a full page.")
    next = fields.Delivered(
        nullable(TEXT), required=True, example=None, description="The cursor of the next page; null on the last one."
    )
    total = fields.Whole(0, description="The number of all matches, only with `include_total=true`.", example=12)


class PageLinks(Schema):
    """The addresses of this page and of the next one."""

    self = fields.Delivered(TEXT, required=True, example=f"http://127.0.0.1:8000{V1.prefix}/articles")
    next = fields.Delivered(nullable(TEXT), required=True, example=None, description="Null on the last page.")


class Warning(Schema):
    """Something worth knowing that did not stop the write."""

    pointer = fields.Delivered(TEXT, example="#/authors/0", description="A JSON Pointer into the body.")
    code = fields.Choice(
        *WARNINGS,
        extensible=True,
        required=True,
        example="unpublished_author",
        description="The introduction of this document lists the codes with their meanings.",
    )
    detail = fields.Delivered(
        TEXT,
        required=True,
        example="This author is not live; delivery leaves it out.",
        description="A sentence for people.",
    )


def fields_of(schema: type[Schema]) -> dict[str, fields.Field]:
    """The fields of a schema class, in their order."""
    return {name: field for name, field in schema._declared_fields.items() if isinstance(field, fields.Field)}


def made(name: str, doc: str, declared: Mapping[str, Any], parent: type[Schema] = Schema) -> type[Schema]:
    """A schema class whose component has this name."""
    return type(name, (parent,), {**declared, "__doc__": doc})


@lru_cache(maxsize=256)
def item_of(schema: type[Schema]) -> type[Schema]:
    """The schema of an answer with one item: ``{"data": {…}}``."""
    name = schema.__name__
    return made(f"{name}Item", f"One {name}.", {"data": fields.Group(schema, required=True)})


@lru_cache(maxsize=256)
def list_of(schema: type[Schema]) -> type[Schema]:
    """The schema of a page of a list: ``{"data": […], "page": {…}, "links": {…}}``."""
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
    """The field in which a dry run lists what the write would change in ``data``."""
    operation: JSONSchema = {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": TEXT, "path": TEXT, "from": TEXT, "value": {}},
    }
    return fields.Many(
        fields.Delivered(operation),
        most=10_000,
        description="Only in a dry run of a change: a JSON Patch (RFC 6902) from the present state to `data`.",
    )


@lru_cache(maxsize=256)
def write_of(schema: type[Schema]) -> type[Schema]:
    """The schema of the answer to a write: ``{"data": {…}, "warnings": […]}``, and ``changes`` in a dry run."""
    name = schema.__name__
    return made(
        f"{name}Written",
        f"{name} after a write, with warnings.",
        {
            "data": fields.Group(schema, required=True),
            "warnings": fields.Many(
                fields.Group(Warning), required=True, description="Things worth knowing that did not stop the write."
            ),
            "changes": changes(),
        },
    )


def managed(name: str, written: type[Schema]) -> type[Schema]:
    """The schema of a draft: the fields as written, and the state of the entry."""
    computed = {
        "version": fields.Whole(1, required=True, description="The number of the newest revision."),
        "status": fields.Choice(
            "draft", "scheduled", "published", "unpublished", required=True, example="draft", description=STATUS
        ),
        "has_unpublished_changes": fields.Flag(
            required=True,
            example=False,
            description=UNPUBLISHED_CHANGES,
        ),
        "live_from": fields.Time(required=True, allow_none=True, description=LIVE_FROM),
        "live_until": fields.Time(required=True, allow_none=True, description=LIVE_UNTIL),
        "created_at": fields.Time(required=True, description="When the entry was created."),
        "updated_at": fields.Time(required=True, description="When the draft was last changed."),
        "created_by": fields.Delivered(
            nullable({"type": "object", "properties": {"id": TEXT, "name": TEXT}}),
            required=True,
            example={"id": "Q3v9sK2mB7xD", "name": "Newsroom"},
            description="The key that created the entry.",
        ),
        "trashed_at": fields.Time(
            required=True, allow_none=True, description="When it was moved to the trash; null if it is not there."
        ),
        "etag": fields.Delivered(TEXT, required=True, example='"42"', description="The entity tag, for `If-Match`."),
    }
    own = {
        name: fields.Delivered(
            nullable(field.json_schema()) if field.allow_none else field.json_schema(),
            required=True,
            example=field.sample(),
            description=field.metadata.get("description", ""),
        )
        for name, field in fields_of(written).items()
        if name != "note"
    }
    head = {"id": fields.Id(required=True), "type": fields.Delivered(TEXT, required=True, example="article")}
    return made(
        f"Managed{name}", f"A draft: {name} as written, and the state of the entry.", {**head, **own, **computed}
    )


SchemaClass = type[Schema]
"""A schema; ``ContentResource`` has a field named ``type``, which hides the built-in one."""


@dataclass(frozen=True, eq=False)
class ContentResource:
    """A content type as the API has it: its schemas and an example. It is one entry of the catalogue.

    ``written`` validates what editors send. ``delivered`` declares the fields that frontends get, in their order.
    ``card`` is the short form in which other entries embed an entry of this type. ``example`` is a complete body that
    can be sent unchanged. Instances are compared by identity.
    """

    type: ContentType
    written: SchemaClass
    delivered: SchemaClass
    example: Mapping[str, Any]
    card: SchemaClass | None = None
    words: tuple[str, str] | None = None
    """The name of one entry and of several in a text, if they are not the type's: ``("FAQ entry", "FAQ entries")``."""

    @property
    def noun(self) -> str:
        """The name of one entry in a text, such as ``social link``."""
        return self.words[0] if self.words else self.type.name.replace("-", " ")

    @property
    def plural_noun(self) -> str:
        """The name of several entries in a text, such as ``social links``."""
        return self.words[1] if self.words else self.type.plural.replace("-", " ")

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
