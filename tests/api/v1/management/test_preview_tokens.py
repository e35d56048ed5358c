"""Preview tokens: one entry, for a while, for somebody without a key, and only as long as the key is good."""

from datetime import timedelta
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from werkzeug.test import TestResponse

from cms import clock
from tests.service import Caller, Service

LANGUAGES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]


def token_for(caller: Caller, plural: str, entry: Any, **body: Any) -> dict[str, Any]:
    response = caller.post(f"/api/v1/manage/{plural}/{entry['id']}/preview-tokens", json=body)
    assert response.status_code == 201, response.get_data(as_text=True)
    made: dict[str, Any] = response.get_json()["data"]
    return made


def opened(service: Service, token: str, path: str) -> TestResponse:
    return service.get(f"/api/v1/preview/{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_token_opens_its_entry_by_header_and_by_parameter(service: Service) -> None:
    article = service.editor.create("articles", title="For your eyes", slug="draft-page")
    made = token_for(service.viewer, "articles", article)
    assert made["url"] == f"http://127.0.0.1:8000/api/v1/preview/articles/{article['id']}"
    for path in (f"articles/{article['id']}", "articles/draft-page"):
        by_header = opened(service, made["token"], path)
        assert by_header.get_json()["data"]["title"] == "For your eyes"
        by_parameter = service.get(f"/api/v1/preview/{path}?token={made['token']}")
        assert by_parameter.data == by_header.data
        assert by_parameter.headers["Cache-Control"] == "private, no-store"


def test_a_token_opens_nothing_else(service: Service) -> None:
    editor = service.editor
    article, other = editor.create("articles", slug="mine"), editor.create_published("articles", slug="other")
    token = token_for(editor, "articles", article)["token"]
    for path in ("articles/other", f"articles/{other['id']}", f"authors/{article['id']}", "articles/no-such-page"):
        assert opened(service, token, path).status_code == 404, path
    for path in ("articles", "authors"):
        assert opened(service, token, path).status_code == 403, path
        assert service.get(f"/api/v1/preview/{path}?token={token}").status_code == 403, path
    bearer = {"Authorization": f"Bearer {token}"}
    for path in ("articles", f"articles/{article['id']}", "whoami", "keys"):
        assert service.get(f"/api/v1/manage/{path}", headers=bearer).status_code == 403, path
    refused = service.post(f"/api/v1/manage/articles/{article['id']}/preview-tokens", headers=bearer)
    assert refused.status_code == 403


def test_a_token_shows_one_draft_among_what_is_live(service: Service) -> None:
    editor = service.editor
    live = editor.create_published("tags", name="Repair")
    editor.change("tags", live, name="Not yet renamed")
    hidden = editor.create("tags", name="Secret")
    previous = editor.create_published(
        "articles", title="Before", tags=[live["id"]], published_at="2026-01-01T08:00:00Z"
    )
    editor.change("articles", previous, title="Not yet changed")
    article = editor.create("articles", tags=[live["id"], hidden["id"]], related=[previous["id"]])
    token = token_for(editor, "articles", article)["token"]
    path = f"articles/{article['id']}?include=tags,related,adjacent,translations,seo,jsonld"
    shown = opened(service, token, path).get_json()["data"]
    assert [each["name"] for each in shown["tags"]] == ["Repair"]
    assert [each["article_count"] for each in shown["tags"]] == [1]
    assert [each["title"] for each in shown["related"]] == ["Before"]
    assert [each["name"] for each in shown["related"][0]["tags"]] == ["Repair"]
    assert shown["adjacent"]["previous"]["title"] == "Before"
    text = opened(service, token, path).get_data(as_text=True)
    assert "Secret" not in text
    assert "Not yet" not in text


def test_a_live_entry_is_not_its_own_neighbour(service: Service) -> None:
    article = service.editor.create_published("articles", published_at="2026-01-01T08:00:00Z")
    service.editor.change("articles", article, published_at="2026-02-02T08:00:00Z")
    token = token_for(service.editor, "articles", article)["token"]
    shown = opened(service, token, f"articles/{article['id']}?include=adjacent").get_json()["data"]
    assert shown["adjacent"] == {"previous": None, "next": None}


def test_a_token_opens_no_translation_of_its_entry(service: Service) -> None:
    service.admin.patch("/api/v1/manage/site", json={"locales": LANGUAGES}, if_match="*")
    article = service.editor.create("articles", slug="morning")
    german = service.editor.create_published("articles", locale="de", translation_of=article["id"], slug="morgen")
    token = token_for(service.editor, "articles", article)["token"]
    assert opened(service, token, f"articles/{article['id']}?locale=de").status_code == 404
    assert opened(service, token, f"articles/{german['id']}").status_code == 404
    shown = opened(service, token, f"articles/{article['id']}").get_json()["data"]
    assert [each["slug"] for each in shown["translations"]] == ["morgen"]


def test_a_token_sees_no_instant_but_the_present(service: Service) -> None:
    start = clock.to_wire(clock.now() + timedelta(hours=1))
    author = service.editor.create("authors", name="A secret until then")
    service.editor.publish("authors", author, live_from=start)
    article = service.editor.create("articles", title="As planned", authors=[author["id"]])
    service.editor.publish("articles", article, live_from=start)
    service.editor.change("articles", article, title="Later still")
    token = token_for(service.editor, "articles", article)["token"]
    path = f"articles/{article['id']}?include=authors"
    shown = opened(service, token, path).get_json()["data"]
    assert (shown["title"], shown["authors"]) == ("Later still", [])
    assert opened(service, token, f"{path}&perspective=published").status_code == 404
    for query in (f"at={start}", f"at={start}&perspective=published", f"at={start}&perspective=draft"):
        refused = opened(service, token, f"{path}&{query}")
        assert refused.status_code == 400
        assert [(each["code"], each["parameter"]) for each in refused.get_json()["errors"]] == [("excluded", "at")]
        assert service.get(f"/api/v1/preview/{path}&{query}&token={token}").status_code == 400


def test_a_token_follows_the_live_slug_of_its_own_entry_only(service: Service) -> None:
    article = service.editor.create_published("articles", slug="old-name")
    service.editor.change("articles", article, slug="new-name")
    other = service.editor.create("articles")
    path = "articles/old-name"
    moved = opened(service, token_for(service.editor, "articles", article)["token"], path)
    assert (moved.status_code, moved.headers["Location"]) == (308, "/api/v1/preview/articles/new-name")
    assert opened(service, token_for(service.editor, "articles", other)["token"], path).status_code == 404


def test_a_token_expires_when_it_says(service: Service) -> None:
    article = service.editor.create("articles")
    path = f"articles/{article['id']}"
    for body, seconds in (({}, 3600), ({"expires_in_seconds": 60}, 60), ({"expires_in_seconds": 604800}, 604800)):
        made = token_for(service.editor, "articles", article, **body)
        assert timedelta(seconds=0) < clock.from_wire(made["expires_at"]) - clock.now() <= timedelta(seconds=seconds)
        with clock.moved(timedelta(seconds=seconds - 10)):
            assert opened(service, made["token"], path).status_code == 200
        with clock.moved(timedelta(seconds=seconds)):
            refused = opened(service, made["token"], path)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"] == 'Bearer realm="cms", error="invalid_token"'


def test_a_token_does_not_outlive_its_key(service: Service) -> None:
    end = clock.to_millisecond(clock.now() + timedelta(minutes=10))
    caller = service.with_key("content:preview", expires_at=end)
    article = service.editor.create("articles")
    made = token_for(caller, "articles", article)
    assert made["expires_at"] == clock.to_wire(end)
    assert opened(service, made["token"], f"articles/{article['id']}").status_code == 200


def test_revoking_the_key_ends_its_tokens(service: Service) -> None:
    article = service.editor.create("articles")
    viewer = service.with_key("content:preview")
    token = token_for(viewer, "articles", article)["token"]
    kept = token_for(service.editor, "articles", article)["token"]
    path = f"articles/{article['id']}"
    assert opened(service, token, path).status_code == 200
    key_id = viewer.get("/api/v1/manage/whoami").get_json()["data"]["id"]
    assert service.admin.delete(f"/api/v1/manage/keys/{key_id}").status_code == 204
    assert opened(service, token, path).status_code == 401
    assert opened(service, kept, path).status_code == 200


def test_what_is_not_our_token_opens_nothing(service: Service) -> None:
    article = service.editor.create("articles")
    path = f"articles/{article['id']}"
    token = token_for(service.editor, "articles", article)["token"]
    key, (signed, _, signature) = service.editor.key, token.rpartition(".")
    forged = f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    payload = [article["id"], "nobody", "2999-01-01T00:00:00.000Z"]
    others = URLSafeSerializer("another secret of at least 32 characters", salt="preview-token").dumps(payload)
    salted = URLSafeSerializer(service.services.settings.secret_key, salt="cursor").dumps(payload)
    for wrong in (token[:-2], forged, signed, "preview_", "preview_a.b", "preview_é"):
        assert opened(service, wrong, path).status_code == 401, wrong
    for wrong in (others, salted):
        assert opened(service, f"preview_{wrong}", path).status_code == 401
    # A key belongs into the header alone.
    assert service.get(f"/api/v1/preview/{path}", query_string={"token": key}).status_code == 401
    assert service.get(f"/api/v1/preview/{path}?token=").status_code == 401
    assert service.get(f"/api/v1/preview/{path}?token={token}&token={token}").status_code == 400
    assert service.get(f"/api/v1/articles?token={token}").status_code == 400


def test_a_trashed_entry_is_open_to_nobody(service: Service) -> None:
    article = service.editor.create("articles")
    token = token_for(service.editor, "articles", article)["token"]
    service.editor.trash("articles", article)
    assert opened(service, token, f"articles/{article['id']}").status_code == 404
    path = f"/api/v1/manage/articles/{article['id']}/preview-tokens"
    assert service.editor.post(path).status_code == 404


@pytest.mark.parametrize("seconds", [59, 604801, "3600", 1.5, None])
def test_a_token_lasts_from_a_minute_to_a_week(service: Service, seconds: object) -> None:
    article = service.editor.create("articles")
    path = f"/api/v1/manage/articles/{article['id']}/preview-tokens"
    response = service.editor.post(path, json={"expires_in_seconds": seconds})
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == "#/expires_in_seconds"


def test_making_a_token_needs_the_scope_and_leaves_the_entry_and_its_tag_alone(service: Service) -> None:
    article = service.editor.create("articles")
    path = f"/api/v1/manage/articles/{article['id']}/preview-tokens"
    assert service.post(path).status_code == 401
    assert service.with_key("site:write").post(path).status_code == 403
    assert service.viewer.post(path).status_code == 201
    assert service.editor.read("articles", article) == article
