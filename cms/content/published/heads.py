"""What search engines are told of an entry: the head of its page, and its graph of linked data.

Types say what they are to search engines (``ContentType.graph``); this is where their fields get those meanings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cms.content.published.rows import Row
from cms.content.types import Content, ContentType, Types
from cms.seo import jsonld, nodes
from cms.seo.head import PageFacts, is_indexable, search_head
from cms.site import Site

GRAPH_NEEDS: Mapping[str, tuple[str, ...]] = {
    "article": ("authors.social_links", "tags", "faqs"),
    "person": ("social_links",),
    "question": (),
}
"""The relations, as in ``include``, that a graph of each kind tells of."""
GRAPHS_OF_BODIES = frozenset({"person", "question"})
"""The kinds of graph that tell of the entry's own rich text."""
PAGES: Mapping[str | None, Literal["article", "profile", "website"]] = {"article": "article", "person": "profile"}


@dataclass(frozen=True)
class Related:
    """The live entries that a head or a graph tells of, as they were read."""

    authors: Sequence[Row] = ()
    tags: Sequence[Row] = ()
    questions: Sequence[Row] = ()
    translations: Sequence[Row] = ()
    profiles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Addresses elsewhere by the id of the author that they belong to."""


def head_of(kind: ContentType, row: Row, values: Content, site: Site, related: Related) -> Content:
    """The search-engine head of an entry; ``values`` is what is delivered of it, but for ``seo`` as it was written."""
    written = row.data.get("seo") or {}
    return search_head(
        PageFacts(
            type=PAGES.get(kind.graph, "website"),
            title=kind.label(values),
            written=written,
            summary=row.data.get("summary"),
            excerpt=values.get("summary") or "",
            url=values.get("url"),
            image=values.get("hero_image"),
            site_name=site.name,
            title_template=site.data["title_template"],
            base_url=site.base_url,
            logo=site.data["logo"],
            locale=row.locale,
            default_locale=site.default_locale,
            published_at=values["published_at"],
            updated_at=values["updated_at"],
            authors=[each.data["name"] for each in related.authors],
            tags=[each.data["name"] for each in related.tags],
            translations=_listed(kind, site, related.translations),
        )
    )


def _listed(kind: ContentType, site: Site, translations: Sequence[Row]) -> dict[str, str | None]:
    """Addresses by locale of the translations that search engines may list."""
    addresses = [(each, site.url(kind.name, each.slug)) for each in translations]
    return {each.locale: url for each, url in addresses if is_indexable(each.data.get("seo") or {}, url)}


def graph_of(
    kind: ContentType, row: Row, values: Content, site: Site, related: Related, own_profiles: Sequence[str]
) -> Content:
    """The JSON-LD graph of an entry; ``own_profiles`` are the site's addresses elsewhere."""
    page = nodes.Page(
        id=row.entry_id,
        url=(row.data.get("seo") or {}).get("canonical_url") or values.get("url"),
        locale=row.locale,
        published_at=values["published_at"],
        updated_at=values["updated_at"],
        breadcrumbs=values["breadcrumbs"],
    )
    publisher = publisher_of(site, own_profiles)
    match kind.graph:
        case "person":
            return jsonld.profile_graph(page, _person(row, site, related), publisher)
        case "question":
            return jsonld.question_graph(page, _question(row, values.get("url")), publisher)
    return jsonld.article_graph(page, _article(kind, values, site, related), publisher)


def profiles_of(types: Types, links: Iterable[Row]) -> list[str]:
    """The addresses elsewhere that are their owner's own, of social links."""
    return [each.data["url"] for each in links if types[each.type].same_as(each.data)]


def publisher_of(site: Site, own_profiles: Sequence[str]) -> nodes.Publisher:
    """The site itself."""
    return nodes.Publisher(
        name=site.name,
        base_url=site.base_url,
        tagline=site.data["tagline"],
        logo=site.data["logo"],
        locales=list(site.locales),
        same_as=own_profiles,
    )


def _article(kind: ContentType, values: Content, site: Site, related: Related) -> jsonld.Article:
    return jsonld.Article(
        title=kind.label(values),
        subtitle=values.get("subtitle"),
        summary=values.get("summary"),
        image=values.get("hero_image"),
        word_count=values.get("word_count") or 0,
        reading_time_minutes=values.get("reading_time_minutes") or 0,
        tags=[each.data["name"] for each in related.tags],
        authors=[_person(each, site, related) for each in related.authors],
        questions=[_question(each, site.url("faq", each.slug)) for each in related.questions],
    )


def _person(row: Row, site: Site, related: Related) -> jsonld.Person:
    biography = (row.bodies or {}).get("bio") or {}
    return jsonld.Person(
        id=row.entry_id,
        name=row.data["name"],
        url=site.url("author", row.slug),
        honorific_prefix=row.data.get("honorific_prefix"),
        credentials=row.data.get("credentials"),
        job_title=row.data.get("job_title"),
        biography=biography.get("text"),
        avatar=row.data.get("avatar"),
        website=row.data.get("website"),
        same_as=related.profiles.get(row.entry_id, ()),
    )


def _question(row: Row, url: str | None) -> jsonld.Question:
    return jsonld.Question(question=row.data["question"], answer=row.bodies["answer"]["html"], url=url)
