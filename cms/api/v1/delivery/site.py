"""The site as delivered, and the settings that are public."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flask import Response
from marshmallow import ValidationError

from cms.api.answers.cacheable import cached_response
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.http import address_fields, fields
from cms.api.http.contract import operation, public, query, returns
from cms.api.http.fields import Schema, nullable
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.delivery.entries import own_entries
from cms.api.v1.schemas import ContentResource, Image, embeds, fields_of, item_of, linked_data, made
from cms.api.v1.type_endpoint import CatalogEndpoint
from cms.content.published.composing import Composition, Document, compose
from cms.content.published.page_head import profiles_of, publisher_of
from cms.content.published.rows import Row
from cms.content.types import ContentType
from cms.seo.jsonld import site_graph
from cms.site import DEFAULTS

PATTERN = r'^/(?!/)(?!(.*/)?\.{1,2}(/|$))[^\u0000-\u0020\u007f<>"\\^`{}|]*(\{slug\}[^\u0000-\u0020\u007f<>"\\^`{}|]*)?$'

_PIECE = r"([^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]|\{title\}|\{site\})"
TEMPLATE_PATTERN = rf"^{_PIECE}*\{{title\}}{_PIECE}*$"


class SiteLocale(Schema):
    """A language of the site, and its fallback for entries without a translation."""

    code = fields.Locale(required=True, example="de")
    fallback = fields.Locale(
        load_default=None, allow_none=True, example="en", description="The language to use without a translation."
    )


class SubItem(Schema):
    """An item of the navigation below another one."""

    label = fields.Line(80, required=True, example="Bookbinding")
    url = address_fields.URL(paths=True, required=True, example="/courses/bookbinding")


class NavigationItem(Schema):
    """An item of the main navigation."""

    label = fields.Line(80, required=True, example="Blog")
    url = address_fields.URL(paths=True, required=True, example="/blog")
    children = fields.Many(fields.Group(SubItem), most=50, load_default=list, example=[])


class URLPatterns(fields.Field):
    """Paths by name: those of collections, and those of entries with ``{slug}``; null if there is no such page.

    Any name may be added, since content types that are added have addresses too. Names that are left out keep their
    defaults.
    """

    NAME = r"^[a-z][a-z-]{0,39}$"
    example = DEFAULTS["url_patterns"]
    path = fields.Line(300, pattern=PATTERN)

    def json_schema(self) -> fields.JSONSchema:
        return {
            "type": "object",
            "propertyNames": {"pattern": self.NAME},
            "additionalProperties": nullable(self.path.json_schema()),
            "maxProperties": 100,
        }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str | None]:
        if not isinstance(value, dict) or len(value) > 100:
            raise fields.fault("invalid_type", "This must be an object with at most 100 addresses.")
        errors: dict[str, Any] = {}
        for name, path in value.items():
            try:
                if not fields.matches(self.NAME, name):
                    raise fields.fault("unknown_field", "A name must be lower-case words joined by hyphens.")
                if path is not None:
                    self.path.deserialize(path)
            except ValidationError as error:
                errors[name] = error.messages
        if errors:
            raise ValidationError(errors)
        complete: dict[str, str | None] = DEFAULTS["url_patterns"] | value
        return complete


class SiteAddress(address_fields.URL):
    """An absolute address to which paths are appended, so without a query and a fragment."""

    def json_schema(self) -> fields.JSONSchema:
        return super().json_schema() | {"pattern": r"^https?://[^/?#]+[^?#]*$"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if "?" in text or "#" in text:
            raise fields.fault(
                "invalid_url", "Paths are appended to this address: it must not have a query or a fragment."
            )
        return text


class PublicSettings(Schema):
    """The public settings, as an administrator writes them."""

    name = fields.Line(120, required=True, example="Harbour & Reed", description="The name of the site.")
    tagline = fields.Line(
        200, load_default=None, allow_none=True, example="Books mended by hand", description="A line about the site."
    )
    base_url = SiteAddress(
        load_default=None,
        allow_none=True,
        description="The address of the frontend; by default that of this service.",
        example="https://harbour-and-reed.example",
    )
    title_template = fields.Line(
        120,
        pattern=TEMPLATE_PATTERN,
        load_default=DEFAULTS["title_template"],
        example="{title} | {site}",
        description="The titles of pages in search results, with `{title}`, if wanted `{site}`, and no other braces.",
    )
    default_locale = fields.Locale(load_default="en", description="The language of requests without `locale`.")
    locales = fields.Many(
        fields.Group(SiteLocale),
        most=100,
        load_default=lambda: list(DEFAULTS["locales"]),
        example=[{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
        description="The languages of the site.",
    )
    url_patterns = URLPatterns(
        load_default=lambda: dict(DEFAULTS["url_patterns"]),
        description="The paths of collections, and those of entries with `{slug}`; null if there is no such page.",
    )
    navigation = fields.Many(
        fields.Group(NavigationItem), most=50, load_default=list, description="The main navigation, in order."
    )
    logo = fields.Group(Image, load_default=None, allow_none=True, description="The logo of the site.")


def delivered(setting: Any) -> Any:
    """The field that returns a setting."""
    schema = setting.json_schema()
    return fields.Delivered(
        nullable(schema) if setting.allow_none else schema,
        required=True,
        example=setting.sample(),
        description=setting.metadata.get("description", ""),
    )


def own_types(catalog: Sequence[ContentResource]) -> dict[str, ContentResource]:
    """The types of which some entries are the site's own, by the field of the site that holds them."""
    return {each.type.site_filter.site_field: each for each in catalog if each.type.site_filter is not None}


@lru_cache(maxsize=16)
def _schema_of(catalog: tuple[ContentResource, ...]) -> type[Schema]:
    return _site(own_types(catalog))


class DeliveredSite(CatalogEndpoint):
    """The site for frontends."""

    @public
    @operation("getSite")
    @query(lambda catalog: _site_query(own_types(catalog)))
    @returns(200, lambda catalog: item_of(_schema_of(tuple(catalog))), ETag="The answer's entity tag.")
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """Get the site's name, languages, addresses, navigation{and own entries}."""
        schema = _schema_of(tuple(self.catalog))
        return _delivered_site(schema, own_types(self.catalog), reading, query.get("include") or ())


def _site(own: Mapping[str, ContentResource]) -> type[Schema]:
    """The schema of the site with its own entries, by the name of their field."""
    entries = {
        name: fields.Delivered(
            embeds(each.name, identifiers=True),
            required=True,
            example=[],
            description=f"The site's own {each.plural_noun}: ids, in order; in full with `include={name}`.",
        )
        for name, each in own.items()
    }
    settings = {name: delivered(setting) for name, setting in fields_of(PublicSettings).items()}
    return made("Site", "The site's settings.", {**settings, **entries, "jsonld": linked_data()})


def _site_query(own: Mapping[str, ContentResource]) -> type[Schema]:
    """Parameters of the site."""
    choices = (*own, "jsonld")
    include = fields.Many(fields.Choice(*choices), most=len(choices), commas=True, description="Embed these in full.")
    return made("SiteQuery", "", {"include": include, "is_query": True})


def _delivered_site(
    schema: type[Schema], own: Mapping[str, ContentResource], reading: Reading, includes: Collection[str]
) -> Response:
    site = reading.moment.site
    values = {name: site.data[name] for name in schema._declared_fields if name in site.data}
    values["base_url"] = site.base_url
    rows = own_entries(reading)
    for name, resource in own.items():
        found = [row for row in rows if row.type == resource.type.name]
        values[name] = _embedded(reading, resource.type, found) if name in includes else [row.entry_id for row in found]
    if "jsonld" in includes:
        values["jsonld"] = site_graph(publisher_of(site, profiles_of(services().types, rows)))
    entries = [(row.type, row.entry_id) for row in rows]
    headers = cache_headers(reading.moment) | tag_headers(entries, ["site", *(each.type.name for each in own.values())])
    return cached_response({"data": values}, headers)


def _embedded(reading: Reading, kind: ContentType, rows: Sequence[Row]) -> list[Document]:
    known, moment = services(), reading.moment
    how = Composition(known.types, known.fields, known.cards, moment.site, moment.perspective)
    return compose(reading.connection, kind, rows, how)


ROUTES = (("site", "/site", DeliveredSite),)
