"""A page as data for machines: one schema.org ``@graph``, its nodes complete and its references never dangling.

Each node has an ``@id`` that stays the same wherever the node appears: the address of its page with a fragment, or
``urn:uuid:`` where it has no page. A dictionary with ``@id`` inside a node is a reference to another node of the graph.
A node that lacks what it is useless without is left out together with every reference to it.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.seo.head import absolute, later

Node = dict[str, Any]

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Article": ("headline",),
    "WebPage": ("name", "url"),
    "ProfilePage": ("mainEntity", "url"),
    "FAQPage": ("mainEntity",),
    "Question": ("name", "acceptedAnswer"),
    "Answer": ("text",),
    "Person": ("name",),
    "BreadcrumbList": ("itemListElement",),
    "ListItem": ("name",),
    "ImageObject": ("url",),
    "Organization": ("name", "url"),
    "WebSite": ("name", "url"),
}
"""What a node of each type is useless without."""

# In serialised JSON these stand in strings only, where an escape means the same.
UNSAFE = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """The site, which publishes every page."""

    name: str
    base_url: str
    tagline: str | None = None
    logo: Mapping[str, Any] | None = None
    """Like every image here: ``url``, which may be a path, ``alt``, ``width`` and ``height``."""
    locales: Sequence[str] = ()
    same_as: Sequence[str] = ()
    """Addresses of the site's own profiles elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What pages of every kind have."""

    id: str
    """The entry's UUID."""
    url: str | None
    """The canonical address, or ``None`` for an entry that has no page."""
    locale: str
    published_at: str
    updated_at: str
    breadcrumbs: Sequence[Mapping[str, str | None]] = ()
    """``label`` and ``url`` of each step from the front page to this one."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """An author."""

    id: str
    name: str
    url: str | None = None
    """The author's page on this site."""
    honorific_prefix: str | None = None
    credentials: str | None = None
    job_title: str | None = None
    biography: str | None = None
    """As plain text."""
    avatar: Mapping[str, Any] | None = None
    website: str | None = None
    same_as: Sequence[str] = ()
    """Addresses of the author's profiles elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An FAQ entry."""

    question: str
    answer: str
    """As HTML, which search engines show, or as plain text."""
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Article:
    """What an article says besides what every page has."""

    title: str
    subtitle: str | None = None
    summary: str | None = None
    image: Mapping[str, Any] | None = None
    word_count: int = 0
    reading_time_minutes: int = 0
    tags: Sequence[str] = ()
    """Names, the one that matters most first."""
    authors: Sequence[Person] = ()
    questions: Sequence[Question] = ()


def article_graph(page: Page, article: Article, publisher: Publisher) -> dict[str, Any]:
    """The graph of an article's page: Article, WebPage, FAQPage, a Person an author, and those of every page."""
    body = _article(page, article, publisher)
    web_page = _page("WebPage", "webpage", page, publisher, name=article.title)
    return _graph(
        body,
        web_page,
        _node(
            "FAQPage",
            _identity(page, "faq"),
            url=page.url,
            inLanguage=page.locale,
            isPartOf=_reference(web_page if page.url else body),
            mainEntity=[_question(each) for each in article.questions],
        ),
        *(_person(each, publisher.base_url) for each in article.authors),
        *_surroundings(page, publisher),
    )


def author_graph(page: Page, person: Person, publisher: Publisher) -> dict[str, Any]:
    """The graph of an author's page: ProfilePage about a Person, and those of every page."""
    node = _person(person, publisher.base_url)
    created = {"dateCreated": page.published_at, "mainEntity": _reference(node)}
    profile = _page("ProfilePage", "profile", page, publisher, name=person.name, **created)
    return _graph(profile, node, *_surroundings(page, publisher))


def question_graph(page: Page, question: Question, publisher: Publisher) -> dict[str, Any]:
    """The graph of a single FAQ entry: FAQPage with one Question, and those of every page."""
    entity = [_question(question)]
    faq = _page("FAQPage", "faq", page, publisher, name=question.question, mainEntity=entity)
    return _graph(faq, *_surroundings(page, publisher))


def site_graph(publisher: Publisher) -> dict[str, Any]:
    """The graph of the site itself: Organization and WebSite."""
    return _graph(*_publication(publisher))


def script_safe(json: bytes) -> bytes:
    """Serialised JSON that may stand inside ``<script>`` as it is, equal in what it says."""
    for character, escape in UNSAFE.items():
        json = json.replace(character, escape)
    return json


def _article(page: Page, article: Article, publisher: Publisher) -> Node:
    authors = [_person(each, publisher.base_url) for each in article.authors]
    return _node(
        "Article",
        _identity(page, "article"),
        headline=article.title,
        alternativeHeadline=article.subtitle,
        description=article.summary,
        url=page.url,
        mainEntityOfPage=page.url and {"@id": _identity(page, "webpage")},
        isPartOf={"@id": _identifier(publisher, "website")},
        image=_image(article.image, publisher.base_url),
        datePublished=page.published_at,
        dateModified=later(page.published_at, page.updated_at),
        inLanguage=page.locale,
        # Some readers of the data follow no references, and an author is nothing to them without a name.
        author=[_reference(each, "@type", "name", "url") for each in authors],
        publisher={"@id": _identifier(publisher, "organization")},
        keywords=list(article.tags),
        articleSection=article.tags[0] if article.tags else None,
        wordCount=article.word_count,
        timeRequired=article.reading_time_minutes and f"PT{article.reading_time_minutes}M",
    )


def _page(type: str, fragment: str, page: Page, publisher: Publisher, **properties: Any) -> Node:
    """A node of WebPage or a type below it."""
    published = {} if "dateCreated" in properties else {"datePublished": page.published_at}
    return _node(
        type,
        _identity(page, fragment),
        url=page.url,
        **properties,
        inLanguage=page.locale,
        **published,
        dateModified=later(page.published_at, page.updated_at),
        isPartOf={"@id": _identifier(publisher, "website")},
        breadcrumb={"@id": _identity(page, "breadcrumb")},
    )


def _person(person: Person, base_url: str) -> Node:
    url = person.url or person.website
    return _node(
        "Person",
        _fragment(person.url or f"urn:uuid:{person.id}", "person"),
        # Search engines want the bare name here, the title and the letters in properties of their own.
        name=person.name,
        honorificPrefix=person.honorific_prefix,
        honorificSuffix=person.credentials,
        jobTitle=person.job_title,
        description=person.biography,
        image=_image(person.avatar, base_url),
        url=url,
        sameAs=_profiles([*person.same_as, person.website], besides=url),
    )


def _question(question: Question) -> Node:
    # An answer of nothing but a picture says nothing to who cannot see it.
    says_something = re.sub(r"<[^>]*>", "", question.answer).strip()
    answer = _node("Answer", text=question.answer if says_something else None)
    return _node("Question", name=question.question, url=question.url, acceptedAnswer=answer)


def _surroundings(page: Page, publisher: Publisher) -> list[Node]:
    """The way back, and who publishes the page."""
    return [
        _node("BreadcrumbList", _identity(page, "breadcrumb"), itemListElement=_steps(page.breadcrumbs)),
        *_publication(publisher),
    ]


def _steps(breadcrumbs: Sequence[Mapping[str, str | None]]) -> list[Node]:
    """The steps from 1; only the last, the page itself, may have no address, and one step alone leads nowhere."""
    last = len(breadcrumbs) - 1
    usable = [each for place, each in enumerate(breadcrumbs) if _said(each["label"]) and (each["url"] or place == last)]
    if len(usable) < 2:
        return []
    return [
        _node("ListItem", position=place, name=each["label"], item=each["url"]) for place, each in enumerate(usable, 1)
    ]


def _publication(publisher: Publisher) -> list[Node]:
    home = publisher.base_url.rstrip("/") + "/"
    organization = _node(
        "Organization",
        _identifier(publisher, "organization"),
        name=publisher.name,
        url=home,
        slogan=publisher.tagline,
        logo=_image(publisher.logo, publisher.base_url),
        sameAs=_profiles(publisher.same_as, besides=home),
    )
    website = _node(
        "WebSite",
        _identifier(publisher, "website"),
        name=publisher.name,
        url=home,
        description=publisher.tagline,
        inLanguage=list(publisher.locales),
        publisher=_reference(organization),
    )
    return [organization, website]


def _identifier(publisher: Publisher, fragment: str) -> str:
    return _fragment(publisher.base_url.rstrip("/") + "/", fragment)


def _identity(page: Page, fragment: str) -> str:
    return _fragment(page.url or f"urn:uuid:{page.id}", fragment)


def _fragment(address: str, name: str) -> str:
    """The address of a part; an entry that is itself a part of its page, as in ``/faq#drying``, has parts below."""
    return f"{address}/{name}" if "#" in address else f"{address}#{name}"


def _image(image: Mapping[str, Any] | None, base_url: str) -> Node | None:
    """The picture, or ``None`` where there is none that can be fetched."""
    if not image:
        return None
    address = absolute(image["url"], base_url)
    # For schema.org these are distances, which have a unit.
    size = {name: f"{image[name]} px" for name in ("width", "height") if image.get(name)}
    return _node("ImageObject", url=address, **size, caption=image.get("alt")) if address else None


def _profiles(addresses: Iterable[str | None], *, besides: str | None) -> list[str]:
    """Each web address once; a mail address is no page that tells who someone is."""
    found = dict.fromkeys(each for each in addresses if each and each.startswith(("https://", "http://")))
    return [each for each in found if each != besides]


def _reference(node: Node, *members: str) -> Node:
    """A reference to a node of the graph, with what is repeated of it for who does not look it up."""
    return {name: node[name] for name in ("@id", *members) if name in node}


def _node(type: str, id: str | None = None, **properties: Any) -> Node:
    """A node with what is known of it."""
    node = {"@type": type, "@id": id, **properties}
    said = {name: [*filter(_said, value)] if isinstance(value, list) else value for name, value in node.items()}
    return {name: value for name, value in said.items() if _said(value)}


def _said(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _graph(*nodes: Node) -> dict[str, Any]:
    """The complete nodes, each once; leaving one out may leave another incomplete that refers to it."""
    kept = {node["@id"]: node for node in nodes}
    while True:
        linked = {id: _linked(node, kept) for id, node in kept.items()}
        complete = {id: node for id, node in linked.items() if _is_complete(node)}
        if complete == kept:
            return {"@context": "https://schema.org", "@graph": list(kept.values())}
        kept = complete


def _linked(node: Node, known: Container[str]) -> Node:
    """The node without references to what is not known and without incomplete parts."""
    linked = {}
    for name, value in node.items():
        values = [each for each in value if _stands(each, known)] if isinstance(value, list) else value
        if _said(values) and _stands(values, known):
            linked[name] = values
    return linked


def _stands(value: Any, known: Container[str]) -> bool:
    if not isinstance(value, dict):
        return True
    return value["@id"] in known if "@id" in value else _is_complete(value)


def _is_complete(node: Node) -> bool:
    """Whether the node and the parts it cannot do without are complete."""
    return all(name in node and _stands_alone(node[name]) for name in REQUIRED[node["@type"]])


def _stands_alone(value: Any) -> bool:
    """Whether a property's value is complete in itself, whatever it refers to."""
    return not isinstance(value, dict) or "@id" in value or _is_complete(value)
