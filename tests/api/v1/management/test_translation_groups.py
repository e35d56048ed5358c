"""Translations stay together when their original is erased, whichever revision is published, copied or restored."""

from typing import Any

import pytest

from tests.invariants import check_invariants
from tests.service import Service


@pytest.fixture(autouse=True)
def languages(service: Service) -> None:
    settings = {"locales": [{"code": "en"}, {"code": "de", "fallback": "en"}, {"code": "fr", "fallback": "en"}]}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200


def translated(service: Service, **fields: Any) -> list[dict[str, Any]]:
    """An original that is live, with two translations that are."""
    original = service.editor.create_published("articles", slug="morning", **fields)
    others = {"de": "morgen", "fr": "matin"}
    return [
        original,
        *(
            service.editor.create_published(
                "articles", slug=slug, locale=locale, translation_of=original["id"], **fields
            )
            for locale, slug in others.items()
        ),
    ]


def locales_of(service: Service, entry: dict[str, Any], path: str = "/api/v1/articles") -> set[str]:
    """The languages that an entry can be read in, its own and those of its siblings."""
    caller = service if path == "/api/v1/articles" else service.viewer
    response = caller.get(f"{path}/{entry['id']}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return {entry["locale"], *(each["locale"] for each in response.get_json()["data"]["translations"])}


def erase(service: Service, entry: dict[str, Any]) -> None:
    service.editor.trash(f"{entry['type']}s", entry, purge="true", force="true")


def test_a_revision_that_names_an_erased_original_is_published_among_its_siblings(service: Service) -> None:
    original, german, french = translated(service)
    erase(service, original)
    for entry in (german, french):
        service.editor.unpublish("articles", entry)
        service.editor.publish("articles", entry, revision=1)
    for entry in (german, french):
        assert locales_of(service, entry) == {"de", "fr"}
        assert locales_of(service, entry, "/api/v1/preview/articles") == {"de", "fr"}
    check_invariants(service.services.settings.database_url)


def test_what_is_copied_or_restored_keeps_its_siblings_when_the_original_was_erased(service: Service) -> None:
    tags = [service.editor.create_published("tags", slug=slug) for slug in ("repair", "thread")]
    original, german, french = translated(service, tags=[tags[0]["id"]])
    erase(service, original)
    replaced = service.editor.delete("/api/v1/manage/tags/" + tags[0]["id"] + "?replace_with=thread", if_match="*")
    assert replaced.status_code == 204
    assert service.editor.read("articles", french)["translation_of"] == german["id"]
    check_invariants(service.services.settings.database_url)

    service.editor.change("articles", french, title="Un matin tranquille")
    path = f"/api/v1/manage/articles/{french['id']}"
    assert service.editor.post(f"{path}/restore", json={"revision": 1}).status_code == 200
    service.editor.trash("articles", french)
    assert service.editor.post(f"{path}/undelete").get_json()["data"]["translation_of"] == german["id"]
    assert service.editor.read("articles", german)["translation_of"] is None
    check_invariants(service.services.settings.database_url)


def test_what_was_no_translation_is_none_again_when_it_is_restored(service: Service) -> None:
    original, german = service.editor.create("articles"), service.editor.create("articles", locale="de")
    service.editor.change("articles", german, translation_of=original["id"])
    path = f"/api/v1/manage/articles/{german['id']}/restore"
    assert service.editor.post(path, json={"revision": 1}).get_json()["data"]["translation_of"] is None


def test_live_translations_whose_drafts_were_let_go_stay_together_when_the_original_is_erased(service: Service) -> None:
    original, german, french = translated(service)
    other = service.editor.create("articles")
    service.editor.change("articles", german, translation_of=other["id"])
    service.editor.change("articles", french, translation_of=None)
    erase(service, original)
    assert service.editor.read("articles", german)["translation_of"] == other["id"]
    assert locales_of(service, german) == locales_of(service, french) == {"de", "fr"}
    check_invariants(service.services.settings.database_url)
