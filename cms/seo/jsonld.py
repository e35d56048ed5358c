"""The linked data of the pages: the facts of articles, people and questions, and the graphs made from them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.seo.head import later
from cms.seo.nodes import (
    Node,
    Page,
    Publisher,
    address_of_part,
    identifier,
    identity,
    image_node,
    make_graph,
    make_node,
    page_node,
    profiles,
    publication,
    reference,
    surroundings,
)

# In serialised JSON these characters occur only inside strings, where an escape means the same.
UNSAFE = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person who signs content, such as an author."""

    id: str
    name: str
    url: str | None = None
    """The address of the person's page on this site."""
    honorific_prefix: str | None = None
    credentials: str | None = None
    job_title: str | None = None
    biography: str | None = None
    """The biography as plain text."""
    avatar: Mapping[str, Any] | None = None
    website: str | None = None
    same_as: Sequence[str] = ()
    """The addresses of the person's profiles on other sites."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An FAQ entry."""

    question: str
    answer: str
    """The answer as HTML, which search engines support, or as plain text."""
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ArticleDetails:
    """The data of an article beside that of every page."""

    title: str
    subtitle: str | None = None
    summary: str | None = None
    image: Mapping[str, Any] | None = None
    word_count: int = 0
    reading_time_minutes: int = 0
    tags: Sequence[str] = ()
    """The names of the tags, most important first."""
    authors: Sequence[Person] = ()
    questions: Sequence[Question] = ()


def article_graph(page: Page, article: ArticleDetails, publisher: Publisher) -> dict[str, Any]:
    """The graph of an article's page: Article, WebPage, FAQPage, a Person for each author, and the common nodes."""
    body = _article(page, article, publisher)
    web_page = page_node("WebPage", "webpage", page, publisher, name=article.title)
    return make_graph(
        body,
        web_page,
        make_node(
            "FAQPage",
            identity(page, "faq"),
            url=page.url,
            inLanguage=page.locale,
            isPartOf=reference(web_page if page.url else body),
            mainEntity=[_question(each) for each in article.questions],
        ),
        *(person_node(each, publisher.base_url) for each in article.authors),
        *surroundings(page, publisher),
    )


def profile_graph(page: Page, person: Person, publisher: Publisher) -> dict[str, Any]:
    """The graph of a person's page: ProfilePage about a Person, and the common nodes."""
    node = person_node(person, publisher.base_url)
    created = {"dateCreated": page.published_at, "mainEntity": reference(node)}
    profile = page_node("ProfilePage", "profile", page, publisher, name=person.name, **created)
    return make_graph(profile, node, *surroundings(page, publisher))


def question_graph(page: Page, question: Question, publisher: Publisher) -> dict[str, Any]:
    """The graph of a single FAQ entry: FAQPage with one Question, and the common nodes."""
    entity = [_question(question)]
    faq = page_node("FAQPage", "faq", page, publisher, name=question.question, mainEntity=entity)
    return make_graph(faq, *surroundings(page, publisher))


def site_graph(publisher: Publisher) -> dict[str, Any]:
    """The graph of the site itself: Organization and WebSite."""
    return make_graph(*publication(publisher))


def script_safe(json: bytes) -> bytes:
    """The same JSON, escaped so that it can be put inside ``<script>``."""
    for character, escape in UNSAFE.items():
        json = json.replace(character, escape)
    return json


def _article(page: Page, article: ArticleDetails, publisher: Publisher) -> Node:
    authors = [person_node(each, publisher.base_url) for each in article.authors]
    return make_node(
        "Article",
        identity(page, "article"),
        headline=article.title,
        alternativeHeadline=article.subtitle,
        description=article.summary,
        url=page.url,
        mainEntityOfPage=page.url and {"@id": identity(page, "webpage")},
        isPartOf={"@id": identifier(publisher, "website")},
        image=image_node(article.image, publisher.base_url),
        datePublished=page.published_at,
        dateModified=later(page.published_at, page.updated_at),
        inLanguage=page.locale,
        # Some consumers follow no references and need the name of the author in place.
        author=[reference(each, "@type", "name", "url") for each in authors],
        publisher={"@id": identifier(publisher, "organization")},
        keywords=list(article.tags),
        articleSection=article.tags[0] if article.tags else None,
        wordCount=article.word_count,
        timeRequired=article.reading_time_minutes and f"PT{article.reading_time_minutes}M",
    )


def person_node(person: Person, base_url: str) -> Node:
    """The node of a person; it is the same in every graph."""
    url = person.url or person.website
    return make_node(
        "Person",
        address_of_part(person.url or f"urn:uuid:{person.id}", "person"),
        # Search engines want only the name here, and the prefix and the credentials in properties of their own.
        name=person.name,
        honorificPrefix=person.honorific_prefix,
        honorificSuffix=person.credentials,
        jobTitle=person.job_title,
        description=person.biography,
        image=image_node(person.avatar, base_url),
        url=url,
        sameAs=profiles([*person.same_as, person.website], besides=url),
    )


def _question(question: Question) -> Node:
    # An answer that is only a picture has no text to show.
    plain_text = re.sub(r"<[^>]*>", "", question.answer).strip()
    answer = make_node("Answer", text=question.answer if plain_text else None)
    return make_node("Question", name=question.question, url=question.url, acceptedAnswer=answer)
