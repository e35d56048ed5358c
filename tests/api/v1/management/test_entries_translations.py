"""Translations: an entry for each language, bound to the original."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service import Service, written

PLURALS = ("articles", "faqs", "authors", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


@pytest.fixture(autouse=True)
def languages(service: Service) -> None:
    settings = {"locales": [{"code": "en"}, {"code": "de", "fallback": "en"}, {"code": "fr", "fallback": "en"}]}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200


def refused(response: TestResponse) -> set[tuple[str, str]]:
    assert response.status_code == 422, response.get_data(as_text=True)
    return {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}


def post(service: Service, plural: str, **fields: Any) -> TestResponse:
    return service.author.post(f"/api/v1/manage/{plural}", json=written(plural, **fields))


@EACH
def test_a_translation_names_its_original(service: Service, plural: str) -> None:
    original = service.author.create(plural)
    assert (original["locale"], original["translation_of"]) == ("en", None)
    german = service.author.create(plural, locale="de", translation_of=original["id"])
    assert (german["locale"], german["translation_of"]) == ("de", original["id"])


@EACH
def test_a_translation_of_a_translation_belongs_to_the_first(service: Service, plural: str) -> None:
    original = service.author.create(plural)
    german = service.author.create(plural, locale="de", translation_of=original["id"])
    french = service.author.create(plural, locale="fr", translation_of=german["id"])
    assert french["translation_of"] == original["id"]


@EACH
def test_a_language_has_one_translation(service: Service, plural: str) -> None:
    original = service.author.create(plural)
    service.author.create(plural, locale="de", translation_of=original["id"])
    for locale in ("de", "en"):
        found = refused(post(service, plural, locale=locale, translation_of=original["id"]))
        assert found == {("#/translation_of", "duplicate")}


@EACH
def test_the_language_is_fixed_once_the_entry_is_made(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    assert refused(service.author.patch(path, json={"locale": "de"}, if_match="*")) == {("#/locale", "immutable")}
    body = written(plural, locale="de")
    assert refused(service.author.put(path, json=body, if_match="*")) == {("#/locale", "immutable")}
    assert service.author.patch(path, json={"locale": "en"}, if_match=entry["etag"]).get_json()["data"] == entry
    assert service.author.patch(path, json={"locale": None}, if_match=entry["etag"]).get_json()["data"] == entry


@EACH
def test_the_original_is_of_the_same_type_and_exists(service: Service, plural: str) -> None:
    other = service.author.create("authors" if plural == "tags" else "tags")
    for name, code in ((other["id"], "wrong_type"), (str(uuid.uuid4()), "unknown_reference")):
        found = refused(post(service, plural, locale="de", translation_of=name))
        assert found == {("#/translation_of", code)}
    assert refused(post(service, plural, locale="de", translation_of="A slug")) == {
        ("#/translation_of", "invalid_format")
    }


def test_an_entry_does_not_translate_itself_nor_its_own_translation(service: Service) -> None:
    original = service.author.create("articles")
    german = service.author.create("articles", locale="de", translation_of=original["id"])
    path = f"/api/v1/manage/articles/{original['id']}"
    for target in (original, german):
        found = refused(service.author.patch(path, json={"translation_of": target["id"]}, if_match="*"))
        assert found == {("#/translation_of", "self_reference")}


def test_an_entry_with_translations_becomes_nobodys_translation(service: Service) -> None:
    one, two = service.author.create("articles"), service.author.create("articles", locale="fr")
    service.author.create("articles", locale="de", translation_of=one["id"])
    path = f"/api/v1/manage/articles/{one['id']}"
    found = refused(service.author.patch(path, json={"translation_of": two["id"]}, if_match="*"))
    assert found == {("#/translation_of", "has_translations")}


def test_a_translation_can_be_bound_and_let_go_later(service: Service) -> None:
    original, german = service.author.create("articles"), service.author.create("articles", locale="de")
    bound = service.author.change("articles", german, translation_of=original["id"])
    assert bound["translation_of"] == original["id"]
    assert service.author.change("articles", german, translation_of=None)["translation_of"] is None


def test_the_languages_of_live_translations_are_delivered(service: Service) -> None:
    original = service.editor.create_published("articles", slug="morning")
    german = service.editor.create_published("articles", slug="morgen", locale="de", translation_of=original["id"])
    service.editor.create("articles", slug="matin", locale="fr", translation_of=original["id"])
    for entry_id in (original["id"], german["id"]):
        listed = service.get(f"/api/v1/articles/{entry_id}").get_json()["data"]["translations"]
        assert {(each["locale"], each["slug"]) for each in listed} >= {("en", "morning"), ("de", "morgen")} - {
            ("en", "morning") if entry_id == original["id"] else ("de", "morgen")
        }
        assert "fr" not in {each["locale"] for each in listed}


def test_a_purged_original_leaves_its_translation_standing_alone(service: Service) -> None:
    original = service.editor.create("articles")
    german = service.editor.create("articles", locale="de", translation_of=original["id"])
    service.editor.trash("articles", original, purge="true", force="true")
    after = service.editor.read("articles", german)
    assert after["translation_of"] is None
    assert service.editor.change("articles", german, title="Neuer Titel")["translation_of"] is None


def test_an_unknown_language_is_refused(service: Service) -> None:
    assert refused(post(service, "articles", locale="it")) == {("#/locale", "unknown_locale")}
    assert refused(post(service, "articles", locale="EN")) == {("#/locale", "invalid_format")}


def test_an_original_is_named_by_its_slug_that_of_another_language_first(service: Service) -> None:
    original = service.author.create("articles", slug="paper")
    german = service.author.create("articles", locale="de", slug="papier", translation_of="paper")
    assert german["translation_of"] == original["id"]
    other = service.author.create("articles", locale="de", slug="paper")
    assert service.author.change("articles", other, title="Anders")["translation_of"] is None
    french = service.author.create("articles", locale="fr", slug="paper", translation_of="papier")
    assert french["translation_of"] == original["id"]
    path = f"/api/v1/manage/articles/{german['id']}"
    changed = service.author.patch(path, json={"translation_of": "paper"}, if_match="*")
    assert changed.get_json()["data"] == german
    path = f"/api/v1/manage/articles/{original['id']}"
    response = service.author.patch(path, json={"translation_of": "papier"}, if_match="*")
    assert refused(response) == {("#/translation_of", "self_reference")}
    assert refused(post(service, "articles", locale="de", translation_of="nobody")) == {
        ("#/translation_of", "unknown_reference")
    }
    service.author.create("tags", slug="thread")
    assert refused(post(service, "articles", locale="de", translation_of="thread")) == {
        ("#/translation_of", "wrong_type")
    }
