"""Languages: what was asked for, else what stands in for it, and always a word about which came."""

from itertools import product
from typing import Any

import pytest

from tests.service import Service


@pytest.fixture
def multilingual(service: Service) -> Service:
    """A site in English, German, Austrian German and Thai, where Austrian falls back to German and that to English."""
    codes = (("en", None), ("de", "en"), ("de-AT", "de"), ("th", None))
    locales = [{"code": code, "fallback": fallback} for code, fallback in codes]
    response = service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)
    return service


def translated(service: Service, original: dict[str, Any], locale: str, **fields: Any) -> dict[str, Any]:
    return service.editor.create_published("articles", locale=locale, translation_of=original["id"], **fields)


def got(service: Service, path: str) -> tuple[str, str, str]:
    """The locale of the document, the header that names it, and the title."""
    response = service.get(f"/api/v1/articles/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    data = response.get_json()["data"]
    return data["locale"], response.headers["Content-Language"], data["title"]


def titles(service: Service, query: str) -> list[str]:
    response = service.get(f"/api/v1/articles?sort=title{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return [each["title"] for each in response.get_json()["data"]]


def test_without_a_locale_the_default_comes(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles", title="Morning", slug="morning")
    translated(multilingual, english, "de", title="Morgen", slug="morgen")
    assert got(multilingual, "morning") == ("en", "en", "Morning")
    assert titles(multilingual, "") == ["Morning"]
    assert multilingual.get("/api/v1/articles/morgen").status_code == 404


def test_a_locale_picks(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles", title="Morning", slug="morning")
    translated(multilingual, english, "de", title="Morgen", slug="morgen")
    assert got(multilingual, "morgen?locale=de") == ("de", "de", "Morgen")
    assert titles(multilingual, "&locale=de") == ["Morgen"]
    assert multilingual.get("/api/v1/articles?locale=de").headers["Content-Language"] == "de"


def test_a_missing_translation_follows_the_whole_chain(multilingual: Service) -> None:
    multilingual.editor.create_published("articles", title="Morning", slug="morning")
    assert got(multilingual, "morning?locale=de-AT") == ("en", "en", "Morning")
    assert multilingual.get("/api/v1/articles/morning?locale=th").status_code == 404


def test_the_nearest_language_of_the_chain_wins(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles", title="Morning", slug="same")
    translated(multilingual, english, "de", title="Morgen", slug="same")
    assert got(multilingual, "same?locale=de-AT") == ("de", "de", "Morgen")
    translated(multilingual, english, "de-AT", title="Murng", slug="same")
    assert got(multilingual, "same?locale=de-AT") == ("de-AT", "de-AT", "Murng")
    assert got(multilingual, "same") == ("en", "en", "Morning")


def test_a_list_with_fallbacks_shows_each_translation_group_once(multilingual: Service) -> None:
    service = multilingual
    for letter in "abc":
        service.editor.create_published("articles", title=f"{letter} English only")
    both = service.editor.create_published("articles", title="d English")
    translated(service, both, "de", title="d German")
    three = service.editor.create_published("articles", title="e English")
    translated(service, three, "de", title="e German")
    translated(service, three, "de-AT", title="e Austrian")
    service.editor.create_published("articles", title="f German only", locale="de")
    service.editor.create_published("articles", title="g Thai only", locale="th")
    only = ["a English only", "b English only", "c English only"]
    assert titles(service, "&locale=de-AT") == [*only, "d German", "e Austrian", "f German only"]
    assert titles(service, "&locale=de") == [*only, "d German", "e German", "f German only"]
    assert titles(service, "") == [*only, "d English", "e English"]
    assert titles(service, "&locale=th") == ["g Thai only"]
    page = service.get("/api/v1/articles?locale=de-AT&include_total=true&limit=1").get_json()["page"]
    assert page["total"] == 6


def test_a_fallback_steps_in_when_a_translation_ends_and_out_when_it_comes(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles", title="Morning")
    german = translated(multilingual, english, "de", title="Morgen")
    assert titles(multilingual, "&locale=de") == ["Morgen"]
    multilingual.editor.unpublish("articles", german)
    assert titles(multilingual, "&locale=de") == ["Morning"]
    multilingual.editor.publish("articles", german)
    assert titles(multilingual, "&locale=de") == ["Morgen"]


def test_fallbacks_hold_in_the_list_of_a_tag_too(multilingual: Service) -> None:
    tag = multilingual.editor.create_published("tags", name="Repair")
    english = multilingual.editor.create_published("articles", title="a English", tags=[tag["id"]])
    translated(multilingual, english, "de", title="a German", tags=[tag["id"]])
    multilingual.editor.create_published("articles", title="b English", tags=[tag["id"]])
    assert titles(multilingual, "&locale=de&tag=repair") == ["a German", "b English"]
    assert titles(multilingual, f"&locale=de&tag={tag['id']}&tag=no-such") == ["a German", "b English"]
    assert titles(multilingual, "&tag=repair") == ["a English", "b English"]


def test_a_slug_in_a_filter_names_the_entry_in_the_best_language(multilingual: Service) -> None:
    editor = multilingual.editor
    english = editor.create_published("tags", name="English", slug="same")
    german = editor.create_published("tags", name="German", slug="same", locale="de")
    editor.create_published("articles", title="a", tags=[english["id"]])
    editor.create_published("articles", title="b", tags=[german["id"]])
    editor.create_published("articles", title="c", slug="same")
    editor.create_published("articles", title="d", slug="same", locale="de")
    assert titles(multilingual, "&tag=same") == ["a"]
    assert titles(multilingual, "&tag=same&locale=de-AT") == ["b"]
    assert titles(multilingual, f"&tag=same&tag={english['id']}&locale=de-AT") == ["a", "b"]
    assert titles(multilingual, "&slug=same") == ["c"]
    assert titles(multilingual, "&slug=same&locale=de-AT") == ["c", "d"]
    assert titles(multilingual, "&slug=same&locale=th") == []


def test_links_that_speak_every_language_are_all_listed(multilingual: Service) -> None:
    for locale, handle in (("en", "workshop"), ("de", "werkstatt"), ("th", "thai-workshop")):
        multilingual.editor.create_published("social-links", platform="github", handle=handle, locale=locale)
    listed = multilingual.get("/api/v1/social-links?owner=site&limit=2&include_total=true").get_json()
    assert listed["page"]["total"] == 3
    following = multilingual.get(listed["links"]["next"].removeprefix("http://127.0.0.1:8000")).get_json()
    found = [each["handle"] for each in (*listed["data"], *following["data"])]
    assert sorted(found) == ["thai-workshop", "werkstatt", "workshop"]


def test_an_id_answers_with_the_entry_itself_or_with_what_a_locale_asks_for(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles", title="Morning")
    german = translated(multilingual, english, "de", title="Morgen")
    assert got(multilingual, english["id"]) == ("en", "en", "Morning")
    assert got(multilingual, german["id"]) == ("de", "de", "Morgen")
    assert got(multilingual, f"{english['id']}?locale=de") == ("de", "de", "Morgen")
    assert got(multilingual, f"{german['id']}?locale=en") == ("en", "en", "Morning")
    assert got(multilingual, f"{english['id']}?locale=de-AT") == ("de", "de", "Morgen")
    assert got(multilingual, f"{german['id']}?locale=th") == ("de", "de", "Morgen")


def test_every_translation_names_the_others(multilingual: Service) -> None:
    english = multilingual.editor.create_published("articles")
    for locale in ("th", "de"):
        translated(multilingual, english, locale)
    for locale, others in (("en", ["de", "th"]), ("de", ["en", "th"]), ("th", ["de", "en"])):
        data = multilingual.get(f"/api/v1/articles/{english['id']}?locale={locale}").get_json()["data"]
        assert [each["locale"] for each in data["translations"]] == others


def test_a_malformed_or_unknown_locale_is_400(multilingual: Service) -> None:
    paths = ("articles", "faqs", "authors", "tags", "articles/any", "tags/any")
    for path, locale in product(paths, ("EN", "de-at", "de_AT", "english", "e", "", "fr", "de-CH")):
        response = multilingual.get(f"/api/v1/{path}?locale={locale}")
        assert response.status_code == 400, (path, locale)
        assert response.content_type == "application/problem+json"
        (fault,) = response.get_json()["errors"]
        assert fault["parameter"] == "locale"
