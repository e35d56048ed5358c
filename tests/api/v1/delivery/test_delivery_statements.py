"""What delivery asks of the database: the same few statements, however much is listed, embedded and included.

One reads the moment, one the page, two what it embeds at two levels. Names in filters, a total and each language that
stands in for another take one more.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Service

ARTICLES = 25
INCLUDES = "authors,authors.social_links,tags,faqs,related,translations,seo"


@pytest.fixture(scope="module")
def full(shared_database_url: str) -> Iterator[Service]:
    """25 articles with two authors, three tags, three questions, two relations and a translation each."""
    service = serve(Settings(database_url=shared_database_url, secret_key=SECRET))
    editor = service.editor
    locales = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
    assert service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*").status_code == 200
    authors = [editor.create_published("authors", slug=f"author-{n}", bio="A *bio*.")["id"] for n in range(22)]
    for author in authors:
        for platform in ("github", "linkedin"):
            editor.create_published("social-links", platform=platform, handle="orla-w", author=author)
    tags = [editor.create_published("tags")["id"] for _ in range(22)]
    faqs = [editor.create_published("faqs", slug=f"faq-{n}", tags=[tags[n]])["id"] for n in range(22)]
    editor.create_published("social-links", platform="github", handle="workshop")
    made: list[str] = []
    for number in range(ARTICLES):
        relations: dict[str, Any] = {
            "authors": [authors[number % 22], authors[(number + 1) % 22]],
            "tags": [tags[(number + each) % 22] for each in range(3)],
            "faqs": [faqs[(number + each) % 22] for each in range(3)],
            "related": made[:2],
        }
        article = editor.create_published("articles", slug=f"article-{number}", body="A *body*.", **relations)
        made.append(article["id"])
        editor.create_published("articles", locale="de", translation_of=article["id"], slug=f"artikel-{number}")
    yield service
    service.close()


def statements(service: Service, path: str, items: int | None = None) -> int:
    with service.counting() as measured:
        response = service.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    if items is not None:
        assert len(response.get_json()["data"]) == items
    return measured.statements


def test_no_answer_takes_more_than_four_statements_and_its_length_does_not_matter(full: Service) -> None:
    total, fallback = 1, 1
    for path, more in (
        (f"articles?include={INCLUDES}", 0),
        (f"articles?include={INCLUDES}&fields=body,authors,tags,faqs,related,translations,seo", 0),
        (f"articles?include={INCLUDES}&sort=title&include_total=true", total),
        (f"articles?include={INCLUDES}&locale=de", fallback),
        ("articles?published_at__gte=2020-01-01T00:00:00Z&featured=false", 0),
        ("articles", 0),
        ("authors?include=social_links,articles", 0),
        ("faqs?include=tags,articles", 0),
        ("tags?sort=-article_count", 0),
        ("social-links?include=author", 0),
    ):
        long = statements(full, f"{path}{_and(path)}limit=20", 20)
        short = statements(full, f"{path}{_and(path)}limit=1", 1)
        assert long <= 4 + more, path
        assert short == long, path


def test_names_in_filters_take_one_more_however_many(full: Service) -> None:
    assert statements(full, f"articles?tag=tag-1&author=author-1&author=author-2&include={INCLUDES}&limit=20") <= 5
    assert statements(full, f"articles?author=author-1&include={INCLUDES}&limit=20") <= 5
    assert statements(full, "faqs?article=article-3&article=article-4&include=tags,articles&limit=20") <= 5
    assert statements(full, "social-links?author=author-1&owner=author&include=author&limit=20") <= 5


def test_one_entry_with_everything_takes_no_more_than_four(full: Service) -> None:
    assert statements(full, f"articles/article-12?include={INCLUDES},adjacent&formats=html,markdown,text") <= 4
    assert statements(full, f"articles/article-12?locale=de&include={INCLUDES},adjacent") <= 4
    assert statements(full, "authors/author-1?include=social_links,articles") <= 4
    assert statements(full, "faqs/faq-1?include=tags,articles") <= 4
    assert statements(full, "site?include=social_links") <= 4
    assert statements(full, "platforms") <= 4


def test_the_longest_page_works_with_everything_embedded(full: Service) -> None:
    assert statements(full, f"articles?include={INCLUDES}&limit=100", 25) <= 4
    assert statements(full, "authors?include=social_links,articles&limit=100", 22) <= 4


def test_an_answer_that_is_not_there_takes_no_more(full: Service) -> None:
    with full.counting() as measured:
        assert full.get("/api/v1/articles/no-such-article").status_code == 404
    assert measured.statements <= 4


def _and(path: str) -> str:
    return "&" if "?" in path else "?"
