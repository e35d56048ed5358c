"""The site's settings: read, replaced and patched under a lock, with every fault at its place."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms.site import DEFAULTS
from tests.service import Service

PATH = "/api/v1/manage/site"


def settings(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.viewer.get(PATH).get_json()["data"]
    return found


def faults(response: TestResponse) -> set[tuple[str, str]]:
    assert response.status_code == 422, response.get_data(as_text=True)
    return {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}


def patch(service: Service, **fields: Any) -> TestResponse:
    return service.admin.patch(PATH, data=json.dumps(fields), if_match="*")


def test_settings_carry_their_tag(service: Service) -> None:
    response = service.viewer.get(PATH)
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert response.headers["ETag"] == data["etag"]
    assert response.headers["Cache-Control"] == "no-store"
    assert {name: data[name] for name in DEFAULTS} == DEFAULTS


def test_a_replacement_clears_what_it_does_not_name(service: Service) -> None:
    assert patch(service, tagline="Books", words_per_minute=150).status_code == 200
    response = service.admin.put(PATH, json={"name": "Harbour & Reed"}, if_match="*")
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert {name: data[name] for name in DEFAULTS} == DEFAULTS | {"name": "Harbour & Reed"}
    assert data == settings(service)


def test_a_patch_changes_what_it_names_and_null_takes_it_back(service: Service) -> None:
    before = settings(service)
    data = patch(service, name="Harbour & Reed", tagline="Books", title_template="{site}: {title}").get_json()["data"]
    assert (data["name"], data["tagline"], data["title_template"]) == ("Harbour & Reed", "Books", "{site}: {title}")
    assert data["etag"] != before["etag"]
    data = patch(service, tagline=None, title_template=None, words_per_minute=None).get_json()["data"]
    assert (data["tagline"], data["title_template"]) == (None, DEFAULTS["title_template"])
    assert data["name"] == "Harbour & Reed"


def test_a_change_of_nothing_keeps_the_tag(service: Service) -> None:
    before = patch(service, name="Harbour & Reed").get_json()["data"]
    for response in (patch(service), patch(service, name="Harbour & Reed"), patch(service, tagline=None)):
        assert response.get_json()["data"] == before
    written = {name: before[name] for name in before if name not in ("etag", "updated_at")}
    replaced = service.admin.put(PATH, json=written, if_match=before["etag"])
    assert replaced.get_json()["data"] == before


def test_writes_need_the_tag_of_what_was_read(service: Service) -> None:
    seen = settings(service)
    assert service.admin.patch(PATH, json={}).status_code == 428
    assert service.admin.put(PATH, json={"name": "A"}).status_code == 428
    assert service.admin.patch(PATH, json={"name": "A"}, if_match=seen["etag"]).status_code == 200
    now = settings(service)
    for tag in (seen["etag"], f"W/{now['etag']}", '"x"'):
        for response in (
            service.admin.patch(PATH, json={"name": "B"}, if_match=tag),
            service.admin.put(PATH, json={"name": "B"}, if_match=tag),
        ):
            assert response.status_code == 412, tag
            assert response.headers["ETag"] == now["etag"]
    assert settings(service) == now


@pytest.mark.parametrize("role", ["viewer", "author", "editor"])
def test_settings_are_written_with_their_own_scope_only(service: Service, role: str) -> None:
    caller = getattr(service, role)
    for response in (
        caller.patch(PATH, json={"name": "A"}, if_match="*"),
        caller.put(PATH, json={"name": "A"}, if_match="*"),
    ):
        assert response.status_code == 403
        assert "site:write" in response.get_json()["detail"]
    assert caller.get(PATH).status_code == 200
    assert service.with_key("site:write").patch(PATH, json={"name": "A"}, if_match="*").status_code == 200


def test_every_fault_is_reported_at_its_place(service: Service) -> None:
    before = settings(service)
    response = service.admin.put(
        PATH,
        json={
            "tagline": "x" * 201,
            "base_url": "/relative",
            "title_template": "no placeholder",
            "default_locale": "EN",
            "locales": [{"code": "de_AT"}, {"fallback": "en"}],
            "url_patterns": {"article": "no-slash", "Bad Name": "/x", "tag": "/{slug}/{slug}"},
            "navigation": [{"label": "", "url": "javascript:alert(1)", "children": [{"label": "A"}]}],
            "words_per_minute": 0,
            "colour": "blue",
        },
        if_match="*",
    )
    found = {pointer for pointer, _ in faults(response)}
    assert found == {
        "#/name",
        "#/tagline",
        "#/base_url",
        "#/title_template",
        "#/default_locale",
        "#/locales/0/code",
        "#/locales/1/code",
        "#/url_patterns/article",
        "#/url_patterns/Bad%20Name",
        "#/url_patterns/tag",
        "#/navigation/0/label",
        "#/navigation/0/url",
        "#/navigation/0/children/0/url",
        "#/words_per_minute",
        "#/colour",
    }
    assert settings(service) == before


@pytest.mark.parametrize("field", ["base_url", "title_template"])
def test_what_no_address_and_no_title_can_be_made_of_is_refused(service: Service, field: str) -> None:
    wrong = {
        "base_url": ("https://harbour.example/?a=1", "https://harbour.example/#top", "https://harbour.example?"),
        "title_template": ("{title} {", "{title} {name}", "{{title}}", "{site}", "}{title}"),
    }
    for value in wrong[field]:
        assert {pointer for pointer, _ in faults(patch(service, **{field: value}))} == {f"#/{field}"}, value
    right = {"base_url": "https://harbour.example/books", "title_template": "{site}: {title} & {title}"}
    assert patch(service, **right).status_code == 200


def test_locales_are_a_list_without_repetition_whose_names_all_exist(service: Service) -> None:
    locales = [{"code": "en", "fallback": "fr"}, {"code": "de", "fallback": "de"}, {"code": "en"}]
    assert faults(patch(service, locales=locales, default_locale="it")) == {
        ("#/locales/0/fallback", "unknown_locale"),
        ("#/locales/1/fallback", "unknown_locale"),
        ("#/locales/2/code", "duplicate"),
        ("#/default_locale", "unknown_locale"),
    }
    assert {pointer for pointer, _ in faults(patch(service, locales=[]))} <= {"#/locales", "#/default_locale"}


def test_fallbacks_may_form_a_circle(service: Service) -> None:
    locales = [{"code": "en", "fallback": "de"}, {"code": "de", "fallback": "en"}]
    assert patch(service, locales=locales).status_code == 200
    entry = service.editor.create_published("articles", locale="de")
    listed = service.get("/api/v1/articles?locale=en").get_json()["data"]
    assert [each["id"] for each in listed] == [entry["id"]]


def test_required_and_read_only_fields(service: Service) -> None:
    assert faults(patch(service, name=None)) == {("#/name", "required")}
    found = faults(patch(service, etag="x", updated_at="x", id=1, changed=1, data={}, social_links=[]))
    assert found == {
        (f"#/{name}", "unknown_field") for name in ("etag", "updated_at", "id", "changed", "data", "social_links")
    }


def test_patch_reads_merge_patches_only(service: Service) -> None:
    response = service.admin.patch(PATH, data="{}", content_type="application/json", if_match="*")
    assert response.status_code == 415
    assert response.headers["Accept-Patch"] == "application/merge-patch+json"
    for document in ("[]", "1", "null", '"x"'):
        assert service.admin.patch(PATH, data=document, if_match="*").status_code == 422, document


def test_a_change_is_seen_in_delivery_at_once_under_another_tag(service: Service) -> None:
    entry = service.editor.create_published("articles", slug="morning")
    paths = ("/api/v1/site", f"/api/v1/articles/{entry['id']}", "/api/v1/articles")
    before = {path: service.get(path).headers["ETag"] for path in paths}
    patterns = {"article": "/news/{slug}"}
    response = patch(service, name="Harbour", base_url="https://harbour.example", url_patterns=patterns)
    assert response.status_code == 200
    for path in paths:
        assert service.get(path).headers["ETag"] != before[path], path
    assert service.get("/api/v1/site").get_json()["data"]["name"] == "Harbour"
    url = service.get(paths[1]).get_json()["data"]["url"]
    assert url == "https://harbour.example/news/morning"
    assert service.editor.read("articles", entry)["etag"] == entry["etag"]


def test_an_address_pattern_of_null_means_that_there_is_no_such_page(service: Service) -> None:
    entry = service.editor.create_published("tags")
    response = service.admin.put(PATH, json={"name": "A", "url_patterns": {"tag": None}}, if_match="*")
    assert response.status_code == 200
    assert response.get_json()["data"]["url_patterns"] == DEFAULTS["url_patterns"] | {"tag": None}
    assert service.get(f"/api/v1/tags/{entry['id']}").get_json()["data"]["url"] is None


def test_delivery_shows_the_settings_and_none_of_their_management(service: Service) -> None:
    data = service.get("/api/v1/site").get_json()["data"]
    assert {"words_per_minute", "etag", "updated_at"}.isdisjoint(data)
    assert set(DEFAULTS) - {"words_per_minute", "publish_blockers"} | {"social_links"} == set(data)


def test_the_graph_reads_the_sites_links_no_second_time(service: Service) -> None:
    service.editor.create_published("social-links", platform="github", handle="harbour-and-reed")
    statements = []
    for query in ("", "?include=jsonld"):
        with service.counting() as measured:
            assert service.get(f"/api/v1/site{query}").status_code == 200
        statements.append(measured.statements)
    assert statements[0] == statements[1]
