"""Slugs of drafts: made from titles, unique for each type and locale, taken and freed."""

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service import Service, written

HEADLINE = {"articles": "title", "faqs": "question", "authors": "name", "tags": "name"}
EACH = pytest.mark.parametrize("plural", list(HEADLINE))

MADE = [
    ("A quiet morning", "a-quiet-morning"),
    ("Grüße aus Österreich", "grusse-aus-osterreich"),
    ("  Spaces   and -- hyphens -- ", "spaces-and-hyphens"),
    ("Ten 10% & more!", "ten-10-more"),
    ("don't stop", "don-t-stop"),
    ("Čeština, naïve café", "cestina-naive-cafe"),
    ("Привет мир", "privet-mir"),
    ("UPPER_case_under", "upper-case-under"),
]


def in_languages(service: Service, *codes: str) -> None:
    settings = {"locales": [{"code": code, "fallback": None} for code in codes]}
    response = service.admin.patch("/api/v1/manage/site", json=settings, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)


def post(service: Service, plural: str, **fields: Any) -> TestResponse:
    return service.author.post(f"/api/v1/manage/{plural}", json=written(plural, **fields))


def refuses_slug(response: TestResponse, holder: dict[str, Any]) -> None:
    assert response.status_code == 409
    document = response.get_json()
    assert document["type"].endswith("/slug-taken")
    (fault,) = document["errors"]
    assert (fault["pointer"], fault["code"]) == ("#/slug", "slug_taken")
    assert holder["id"] in fault["detail"]


@EACH
def test_a_slug_is_made_from_the_headline(service: Service, plural: str) -> None:
    for title, slug in MADE:
        assert service.author.create(plural, **{HEADLINE[plural]: title})["slug"] == slug, title


def test_a_long_title_is_cut_between_words(service: Service) -> None:
    title = " ".join(["bookbinding"] * 16)
    slug = service.author.create("articles", title=title)["slug"]
    assert slug == "-".join(["bookbinding"] * 10)
    assert len(slug) <= 120


def test_one_long_word_is_cut_within(service: Service) -> None:
    slug = service.author.create("articles", title="x" * 200)["slug"]
    assert slug == "x" * 120


@pytest.mark.parametrize("title", ["日本語のタイトル", "😀😀", "!!!", "Ω"])
def test_every_title_gets_a_slug_that_could_be_written_by_hand(service: Service, title: str) -> None:
    data = service.author.create("articles", title=title)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", data["slug"])
    assert len(data["slug"]) <= 120
    assert post(service, "articles", slug=data["slug"]).status_code == 409


def test_a_title_that_looks_like_an_id_makes_no_slug_that_does(service: Service) -> None:
    name = str(uuid.UUID(int=7))
    data = service.editor.create_published("articles", title=name)
    assert data["slug"] != name
    assert service.author.read("articles", data)["slug"] == data["slug"]
    found = service.get(f"/api/v1/articles/{data['slug']}")
    assert found.status_code == 200
    assert found.get_json()["data"]["id"] == data["id"]


@EACH
def test_a_derived_slug_that_is_taken_gets_the_next_number(service: Service, plural: str) -> None:
    slugs = [service.author.create(plural, **{HEADLINE[plural]: "A quiet morning"})["slug"] for _ in range(4)]
    assert slugs == ["a-quiet-morning", "a-quiet-morning-2", "a-quiet-morning-3", "a-quiet-morning-4"]


def test_a_number_that_somebody_chose_is_skipped(service: Service) -> None:
    service.author.create("tags", name="Paper")
    service.author.create("tags", name="Other", slug="paper-2")
    assert service.author.create("tags", name="Paper")["slug"] == "paper-3"


def test_numbered_slugs_of_the_greatest_length_stay_within_it(service: Service) -> None:
    slugs = [service.author.create("articles", title="x" * 200)["slug"] for _ in range(3)]
    assert len(set(slugs)) == 3
    assert all(len(each) <= 120 for each in slugs)


@EACH
def test_an_explicit_slug_that_is_taken_is_409_and_names_the_holder(service: Service, plural: str) -> None:
    holder = service.author.create(plural, slug="paper")
    refuses_slug(post(service, plural, slug="paper"), holder)
    other = service.author.create(plural)
    path = f"/api/v1/manage/{plural}/{other['id']}"
    refuses_slug(service.author.patch(path, json={"slug": "paper"}, if_match="*"), holder)
    refuses_slug(service.author.put(path, json=written(plural, slug="paper"), if_match="*"), holder)
    assert service.author.read(plural, other) == other
    listed = service.author.get(f"/api/v1/manage/{plural}").get_json()["data"]
    assert len(listed) == 2


def test_each_type_has_slugs_of_its_own(service: Service) -> None:
    for plural in HEADLINE:
        assert service.author.create(plural, slug="paper")["slug"] == "paper"


def test_each_locale_has_slugs_of_its_own(service: Service) -> None:
    in_languages(service, "en", "de")
    english = service.author.create("articles", title="Papier", locale="en")
    german = service.author.create("articles", title="Papier", locale="de")
    assert english["slug"] == german["slug"] == "papier"
    refuses_slug(post(service, "articles", slug="papier", locale="de"), german)


def test_social_links_have_no_slug_and_refuse_one(service: Service) -> None:
    assert service.author.create("social-links")["slug"] is None
    response = service.author.post(
        "/api/v1/manage/social-links", json={"platform": "other", "url": "https://a.example/x", "slug": "mine"}
    )
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == "#/slug"


@pytest.mark.parametrize(
    "slug", ["", "A", "a b", "-a", "a-", "a--b", "ä", "a_b", "a/b", "x" * 121, str(uuid.UUID(int=7))]
)
def test_what_is_no_slug_is_refused(service: Service, slug: str) -> None:
    response = post(service, "tags", slug=slug)
    assert response.status_code == 422
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/slug"]


@EACH
def test_a_changed_headline_keeps_the_slug(service: Service, plural: str) -> None:
    data = service.author.create(plural, **{HEADLINE[plural]: "A quiet morning"})
    changed = service.author.change(plural, data, **{HEADLINE[plural]: "A loud evening"})
    assert changed["slug"] == "a-quiet-morning"
    path = f"/api/v1/manage/{plural}/{data['id']}"
    replaced = service.author.put(path, json=written(plural), if_match="*").get_json()["data"]
    assert replaced["slug"] == "a-quiet-morning"


def test_a_slug_that_was_never_live_is_free_once_it_is_changed(service: Service) -> None:
    data = service.author.create("tags", slug="paper")
    service.author.change("tags", data, slug="cardboard")
    assert service.author.create("tags", slug="paper")["slug"] == "paper"


def test_a_slug_that_has_been_live_stays_reserved_after_a_change(service: Service) -> None:
    data = service.editor.create_published("tags", slug="paper")
    service.editor.change("tags", data, slug="cardboard")
    refuses_slug(post(service, "tags", slug="paper"), data)
    service.editor.publish("tags", data)
    refuses_slug(post(service, "tags", slug="paper"), data)
    service.editor.unpublish("tags", data)
    refuses_slug(post(service, "tags", slug="paper"), data)
    assert service.editor.change("tags", data, slug="paper")["slug"] == "paper"


def test_an_entry_in_the_trash_keeps_its_slug_and_the_refusal_says_where_it_is(service: Service) -> None:
    data = service.author.create("tags", slug="paper")
    service.author.trash("tags", data)
    response = post(service, "tags", slug="paper")
    refuses_slug(response, data)
    assert "trash" in response.get_json()["detail"]


def test_a_slug_of_null_means_the_one_it_has(service: Service) -> None:
    data = service.author.create("tags", slug="paper")
    response = service.author.patch(f"/api/v1/manage/tags/{data['id']}", json={"slug": None}, if_match=data["etag"])
    assert response.status_code == 200
    assert response.get_json()["data"] == data
