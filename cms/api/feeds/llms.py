"""llms.txt: an overview of the site for language models."""

from flask import Response

from cms.api.answers.cacheable import cached_bytes
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.feeds.formats import FORMATS
from cms.api.feeds.listing import cards_of, list_entries
from cms.api.http.contract import operation, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.responses import content_type
from cms.api.languages import languages
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.versions import V1
from cms.content.published.lists import ListQuery
from cms.content.types import ContentType
from cms.feeds import llms
from cms.seo.head import is_indexable
from cms.site import Site

LINKS_AT_MOST = 100
LLMS_EXAMPLE = (
    "# Harbour & Reed\n\n## Repair\n\n- [A quiet morning](https://harbour-and-reed.example/blog/a-quiet-morning)\n"
)


class LLMs(Endpoint):
    """An overview of the site for language models."""

    @public
    @operation("getLLMs")
    @returns(
        200, media_type=llms.MEDIA_TYPE, example=LLMS_EXAMPLE, description="Markdown.", ETag="Entity tag of the answer."
    )
    def get(self, reading: Reading) -> Response:
        """Get an overview of the site for language models (llmstxt.org)."""
        site = reading.moment.site
        sections: list[llms.Section] = []
        named: frozenset[tuple[str, str]] = frozenset()
        listed = {name: kind for name, kind in services().types.items() if kind.llms is not None}
        for kind in listed.values():
            found, entries = _sections(reading, kind)
            sections += found
            named |= entries
        content = llms.write(site.name, site.data["tagline"], _details(site), [*sections, *_interface()])
        headers = cache_headers(reading.moment) | tag_headers(named, list(listed))
        return cached_bytes(content, content_type(llms.MEDIA_TYPE), headers)


def _details(site: Site) -> str:
    return (
        f"The pages of {site.base_url} below are also available as JSON, with texts as HTML, Markdown or plain text.\n"
        "Reading needs no key."
    )


def _sections(reading: Reading, kind: ContentType) -> tuple[list[llms.Section], frozenset[tuple[str, str]]]:
    """The sections that list the entries of a type, and the type and id of every entry in them."""
    site, listed = reading.moment.site, kind.llms
    assert listed is not None, "only a type that is listed is read"
    topics = kind.meanings.topics if listed.by_topic else None
    wanted = ListQuery(chain=languages(site, None), sort=listed.sort, limit=LINKS_AT_MOST)
    shown = frozenset({"url", listed.note, *([topics] if topics else [])})
    rows, documents = list_entries(reading, kind, wanted, shown)
    sections: dict[str, list[llms.ListedLink]] = {}
    for row, document in zip(rows, documents, strict=True):
        url = document.get("url")
        if url is not None and is_indexable(row.data.get("seo") or {}, url):
            labels = [topic.label(card) for topic, card in cards_of(kind, document, topics)]
            title = labels[0] if labels else site.collection_label(kind.plural)
            sections.setdefault(title, []).append(llms.ListedLink(kind.label_of(row.data), url, document[listed.note]))
    return [llms.Section(title, links) for title, links in sections.items()], documents.entries


def _interface() -> list[llms.Section]:
    address = services().settings.public_url
    feeds = [(kind.plural, kind.feed) for kind in services().types.values() if kind.feed is not None]
    return [
        llms.Section(
            "API",
            [
                llms.ListedLink("Reference", f"{address}/docs", "every operation, with examples to try"),
                llms.ListedLink("OpenAPI document", f"{address}{V1.document}", "the reference in a form for programs"),
                *(
                    llms.ListedLink(
                        _words(plural).capitalize(), f"{address}{V1.prefix}/{plural}", "all of them, in pages"
                    )
                    for plural, _ in feeds
                ),
            ],
        ),
        llms.Section(
            "Optional",
            [
                llms.ListedLink("Sitemap", f"{address}/sitemap.xml", "every page"),
                *(
                    llms.ListedLink(
                        f"{form.name} of the newest {_words(plural)}", f"{address}/feeds/{plural}.{form.ending}"
                    )
                    for plural, feed in feeds
                    for form in FORMATS
                    if form.ending in feed.formats
                ),
            ],
        ),
    ]


def _words(plural: str) -> str:
    return plural.replace("-", " ")
