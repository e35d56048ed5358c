"""Delivered documents: a published row, joined at read time with the site and with other published entries.

What depends on the site or on other entries is never stored, so that a changed setting or an author's new portrait
rewrites nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from cms import clock
from cms.content.queries import Found, Perspective, Row, Wanted, gather
from cms.content.types import Content, ContentType, Shape, Types
from cms.rendering.seo import Page, head
from cms.site import Site

Document = dict[str, Any]


@dataclass(frozen=True)
class Composition:
    """How rows become documents: the field names of each type's shapes, the formats of rich texts, what to include."""

    types: Types
    fields: Mapping[str, Sequence[str]]
    """The delivered fields of each type, in order."""
    cards: Mapping[str, Sequence[str]]
    """The fields of each type's short shape, in order."""
    site: Site
    perspective: Perspective
    formats: Sequence[str] = ("html",)
    includes: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    """The fields that are asked for; ``None`` for all that the shape has."""
    without: frozenset[str] = frozenset()
    detail: bool = False
    """Whether the rows are looked at one by one, with the fields that lists leave out."""


@dataclass
class _Embedded:
    """What was found for each owner and field, in order."""

    found: dict[tuple[str, str], list[Found]] = field(default_factory=lambda: defaultdict(list))

    def add(self, found: Iterable[Found]) -> None:
        for each in found:
            self.found[each.owner_id, each.field].append(each)


def compose(connection: Connection, kind: ContentType, rows: Sequence[Row], how: Composition) -> list[Document]:
    """The documents of the rows, in their order; at most two statements, however many rows."""
    counted = [each for each in how.types.values() if each.counts]
    first = gather(connection, _wanted(kind, rows, how, how.includes, _shown(kind, how)), how.perspective, counted)
    embedded = _Embedded()
    embedded.add(first)
    second = [
        wanted
        for inner in how.types.values()
        for wanted in _wanted(
            inner, _full(first, inner), how, _below(first, inner, how.includes), set(how.fields[inner.name])
        )
    ]
    embedded.add(gather(connection, second, how.perspective, counted))
    return [_document(kind, row, how, how.includes, _shown(kind, how), embedded, top=True) for row in rows]


def _shown(kind: ContentType, how: Composition) -> set[str]:
    """The fields of the top level, whose relations are worth reading."""
    left_out = set() if how.detail else set(kind.left_out_of_lists)
    shown = set(how.fields[kind.name]) - left_out if how.only is None else set(how.only) | {"id"}
    return shown - how.without


def _full(found: Iterable[Found], kind: ContentType) -> list[Row]:
    rows = {each.row.entry_id: each.row for each in found if each.shape == "full" and each.row.type == kind.name}
    return list(rows.values())


def _below(found: Iterable[Found], kind: ContentType, includes: frozenset[str]) -> frozenset[str]:
    """The second halves of dotted includes, for the entries of this type that their first halves embedded."""
    fields = {each.field for each in found if each.row.type == kind.name}
    return frozenset(name.split(".", 1)[1] for name in includes if "." in name and name.split(".", 1)[0] in fields)


def _wanted(
    kind: ContentType, rows: Sequence[Row], how: Composition, includes: frozenset[str], shown: set[str]
) -> Iterable[Wanted]:
    """What these rows embed: every relation that is shown, in full where it is included."""
    for source in kind.relations:
        shape = _shape(source.field, source.default, includes)
        if shape is not None and source.field in shown:
            yield Wanted(source, shape, rows)
    if shown & {"translations", "seo"}:
        yield Wanted("translations", _shape("translations", "short", includes) or "short", rows)
    if "adjacent" in includes and "adjacent" in shown:
        yield Wanted("previous", "short", rows)
        yield Wanted("next", "short", rows)


def _shape(name: str, default: Shape | None, includes: frozenset[str]) -> Shape | None:
    included = any(each == name or each.startswith(f"{name}.") for each in includes)
    return "full" if included else default


def _document(
    kind: ContentType,
    row: Row,
    how: Composition,
    includes: frozenset[str],
    shown: set[str],
    embedded: _Embedded,
    *,
    top: bool = False,
) -> Document:
    values = _common(kind, row, how.site) | row.data | kind.present(row.data, row.outline, how.site)
    values |= _common_last(kind, row, how.site, values)
    for name in kind.bodies:
        if name in shown:
            values[name] = _body(row, name, how.formats)
    for count in kind.counts:
        values[count.field] = getattr(row, count.field) if top else getattr(row, f"{kind.name}.{count.field}")
    for source in kind.relations:
        if _shape(source.field, source.default, includes) is None:
            values.pop(source.field, None)
            continue
        inner = frozenset(each.split(".", 1)[1] for each in includes if each.startswith(f"{source.field}."))
        found = [_embed(each, how, inner, embedded) for each in embedded.found[row.entry_id, source.field]]
        values[source.field] = found if getattr(source, "many", True) else next(iter(found), None)
    translations = embedded.found[row.entry_id, "translations"]
    values["translations"] = [_embed(each, how, frozenset(), embedded) for each in _by_locale(translations)]
    if "adjacent" in includes:
        values["adjacent"] = {
            side: next((_embed(each, how, frozenset(), embedded) for each in embedded.found[row.entry_id, side]), None)
            for side in ("previous", "next")
        }
    if "seo" in includes:
        values["seo"] = _head(kind, row, how.site, values, translations, embedded)
    else:
        values.pop("seo", None)
    return {name: values[name] for name in how.fields[kind.name] if name in shown and name in values}


def _embed(each: Found, how: Composition, includes: frozenset[str], embedded: _Embedded) -> Any:
    if each.shape == "id":
        return each.row.entry_id
    kind = how.types[each.row.type]
    if each.shape == "short":
        values = _common(kind, each.row, how.site) | each.row.data
        values |= _common_last(kind, each.row, how.site, values)
        names = how.cards[kind.name] if each.field != "translations" else ("locale", "slug", "url")
        return {name: values[name] for name in names}
    shown = set(how.fields[kind.name]) - set(kind.left_out_of_lists)
    return _document(kind, each.row, how, includes, shown, embedded)


def _common(kind: ContentType, row: Row, site: Site) -> Document:
    return {"id": row.entry_id, "type": kind.name, "version": row.revision}


def _common_last(kind: ContentType, row: Row, site: Site, values: Content) -> Document:
    """What no written field of the same name may take the place of."""
    own = {
        "locale": row.locale,
        "slug": row.slug,
        "published_at": clock.to_wire(row.published_at),
        "updated_at": clock.to_wire(row.updated_at),
    }
    if kind.has_slug:
        own |= {"url": site.url(kind.name, row.slug), "breadcrumbs": _breadcrumbs(kind, row, site, values)}
    return own


def _breadcrumbs(kind: ContentType, row: Row, site: Site, values: Content) -> list[Document]:
    """From the site's front page by way of the collection to the entry itself."""
    trail = [
        {"label": site.name, "url": site.url("home")},
        {"label": site.collection_label(kind.plural), "url": site.url(kind.plural)},
        {"label": kind.label(values), "url": site.url(kind.name, row.slug)},
    ]
    return [each for each in trail if each["url"] is not None]


def _body(row: Row, name: str, formats: Sequence[str]) -> Document | None:
    body = (row.bodies or {}).get(name)
    return body and {each: body[each] for each in formats}


def _by_locale(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda each: str(each.row.locale))


def _head(
    kind: ContentType, row: Row, site: Site, values: Document, translations: list[Found], embedded: _Embedded
) -> Document:
    written = row.data.get("seo") or {}
    authors = [each.row.data["name"] for each in embedded.found[row.entry_id, "authors"] if each.shape != "id"]
    return head(
        Page(
            title=site.title(written.get("title") or kind.label(values)),
            heading=written.get("title") or kind.label(values),
            description=written.get("description") or values.get("summary"),
            url=values.get("url"),
            canonical_url=written.get("canonical_url") or values.get("url"),
            noindex=bool(written.get("noindex")),
            image=written.get("image") or values.get("hero_image") or site.data["logo"],
            site_name=site.name,
            locale=row.locale,
            published_at=values["published_at"],
            updated_at=values["updated_at"],
            authors=authors,
            alternates={each.row.locale: site.url(kind.name, each.row.slug) for each in _by_locale(translations)}
            | {row.locale: values.get("url")},
            default_locale=site.default_locale,
        )
    )
