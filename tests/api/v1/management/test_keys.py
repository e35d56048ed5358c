"""API keys over HTTP: made with what the maker has, shown once, ended at once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from cms import clock
from cms.db import Base
from cms.keys import ROLES, SCOPES
from tests.service import Caller, Service

PATH = "/api/v1/manage/keys"


def make(service: Service, **fields: Any) -> dict[str, Any]:
    response = service.admin.post(PATH, json={"name": "Newsroom"} | fields)
    assert response.status_code == 201, response.get_data(as_text=True)
    data: dict[str, Any] = response.get_json()["data"]
    return data


def faults(response: TestResponse) -> set[str]:
    assert response.status_code == 422, response.get_data(as_text=True)
    return {each["pointer"] for each in response.get_json()["errors"]}


@pytest.mark.parametrize("role", list(ROLES))
def test_a_role_is_a_named_set_of_scopes(service: Service, role: str) -> None:
    data = make(service, role=role)
    assert set(data["scopes"]) == ROLES[role]
    me = Caller(service.app, data["key"]).get("/api/v1/manage/whoami")
    assert me.get_json()["data"] == {"id": data["id"], "name": "Newsroom", "scopes": sorted(ROLES[role])}


def test_a_new_key_has_an_address_and_is_shown_there_without_its_secret(service: Service) -> None:
    response = service.admin.post(PATH, json={"name": "Newsroom", "scopes": ["content:preview"]})
    assert response.status_code == 201
    data = response.get_json()["data"]
    assert response.headers["Location"] == f"{PATH}/{data['id']}"
    assert response.headers["Cache-Control"] == "no-store"
    assert data["key"].startswith(f"cms_{data['id']}_")
    found = service.admin.get(response.headers["Location"]).get_json()["data"]
    assert found == {name: value for name, value in data.items() if name != "key"}
    assert (found["expires_at"], found["revoked_at"], found["last_used_at"]) == (None, None, None)


def test_role_and_scopes_add_up(service: Service) -> None:
    assert set(make(service, role="viewer", scopes=["site:write"])["scopes"]) == {"content:preview", "site:write"}


def test_a_key_gives_no_more_than_it_has(service: Service) -> None:
    maker = service.with_key("keys:write", "content:preview", "content:write")
    assert maker.post(PATH, json={"name": "A", "scopes": ["content:write"]}).status_code == 201
    assert maker.post(PATH, json={"name": "A", "role": "viewer"}).status_code == 201
    before = len(service.admin.get(PATH).get_json()["data"])
    for body in ({"role": "author"}, {"role": "admin"}, {"scopes": ["content:preview", "site:write"]}):
        response = maker.post(PATH, json={"name": "A"} | body)
        assert response.status_code == 403, body
        assert "WWW-Authenticate" not in response.headers
    assert len(service.admin.get(PATH).get_json()["data"]) == before


def test_faults_of_a_key_come_at_once(service: Service) -> None:
    assert faults(service.admin.post(PATH, json={})) == {"#/name"}
    body = {"name": "", "role": "king", "scopes": ["content:preview", "everything"], "expires_at": "soon", "id": "x"}
    assert faults(service.admin.post(PATH, json=body)) == {"#/name", "#/role", "#/scopes/1", "#/expires_at", "#/id"}
    past = {"name": "A", "expires_at": "2001-01-01T00:00:00Z"}
    assert faults(service.admin.post(PATH, json=past)) == {"#/scopes", "#/expires_at"}


def test_a_key_ends_at_its_hour(service: Service) -> None:
    ends = clock.to_wire(clock.now() + timedelta(hours=1))
    data = make(service, role="viewer", expires_at=ends)
    assert data["expires_at"] == ends
    caller = Caller(service.app, data["key"])
    with clock.moved(timedelta(minutes=59)):
        assert caller.get("/api/v1/manage/whoami").status_code == 200
    with clock.moved(timedelta(minutes=61)):
        assert caller.get("/api/v1/manage/whoami").status_code == 401


def test_a_revoked_key_is_refused_from_the_next_request_on(service: Service) -> None:
    data = make(service, role="editor")
    caller = Caller(service.app, data["key"])
    assert caller.get("/api/v1/manage/articles").status_code == 200
    revoked = service.admin.delete(f"{PATH}/{data['id']}")
    assert revoked.status_code == 204
    assert "Content-Type" not in revoked.headers
    response = caller.get("/api/v1/manage/articles")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="cms", error="invalid_token"'
    first = service.admin.get(f"{PATH}/{data['id']}").get_json()["data"]
    assert first["revoked_at"] is not None
    assert service.admin.delete(f"{PATH}/{data['id']}").status_code == 204
    assert service.admin.get(f"{PATH}/{data['id']}").get_json()["data"] == first


def test_a_key_may_revoke_itself(service: Service) -> None:
    data = make(service, role="admin")
    caller = Caller(service.app, data["key"])
    assert caller.delete(f"{PATH}/{data['id']}").status_code == 204
    assert caller.get(PATH).status_code == 401


def test_what_a_revoked_key_made_still_names_it(service: Service) -> None:
    data = make(service, role="author", name="Mads Tyndal")
    entry = Caller(service.app, data["key"]).create("tags")
    service.admin.delete(f"{PATH}/{data['id']}")
    assert service.admin.read("tags", entry)["created_by"] == {"id": data["id"], "name": "Mads Tyndal"}


def test_an_unknown_key_is_404(service: Service) -> None:
    for name in ("nobody", "x" * 300, "%00", "%F0%9F%98%80"):
        assert service.admin.get(f"{PATH}/{name}").status_code == 404, name
        assert service.admin.delete(f"{PATH}/{name}").status_code == 404, name


def test_keys_are_listed_newest_first_with_the_revoked_ones(service: Service) -> None:
    older = make(service, role="viewer", name="Older")
    with clock.moved(timedelta(seconds=2)):
        newer = make(service, role="viewer", name="Newer")
    service.admin.delete(f"{PATH}/{older['id']}")
    listed = service.admin.get(PATH).get_json()["data"]
    assert [each["id"] for each in listed][:2] == [newer["id"], older["id"]]
    assert all(set(each) == set(older) - {"key"} for each in listed)


def test_only_keys_write_sees_and_makes_keys(service: Service) -> None:
    everything_else = service.with_key(*(set(SCOPES) - {"keys:write"}))
    own = everything_else.get("/api/v1/manage/whoami").get_json()["data"]["id"]
    for response in (
        everything_else.get(PATH),
        everything_else.get(f"{PATH}/{own}"),
        everything_else.post(PATH, json={"name": "A", "role": "viewer"}),
        everything_else.delete(f"{PATH}/{own}"),
    ):
        assert response.status_code == 403


def test_the_last_use_is_noted_by_the_minute(service: Service) -> None:
    data = make(service, role="viewer")
    caller = Caller(service.app, data["key"])

    def last_used() -> str:
        found: str = service.admin.get(f"{PATH}/{data['id']}").get_json()["data"]["last_used_at"]
        return found

    caller.get("/api/v1/manage/whoami")
    first = last_used()
    assert first is not None
    caller.get("/api/v1/manage/whoami")
    assert last_used() == first
    with clock.moved(timedelta(minutes=2)):
        caller.get("/api/v1/manage/articles")
        assert last_used() > first


def test_a_refused_key_is_not_noted_as_used(service: Service) -> None:
    data = make(service, role="viewer")
    key = data["key"]
    wrong = Caller(service.app, key[:-7] + ("a" if key[-7] != "a" else "b") + key[-6:])
    assert wrong.get("/api/v1/manage/whoami").status_code == 401
    assert service.admin.get(f"{PATH}/{data['id']}").get_json()["data"]["last_used_at"] is None


def test_the_secret_is_shown_once_and_stored_nowhere(service: Service) -> None:
    data = make(service, role="admin")
    secret = data["key"].rpartition("_")[2]
    caller = Caller(service.app, data["key"])
    entry = caller.create_published("articles")
    caller.publish("articles", entry, live_until="2999-01-01T00:00:00Z")
    values = {"entry_id": entry["id"], "key_id": data["id"], "number": 1, "name": entry["slug"]}
    seen = 0
    for rule in service.app.url_map.iter_rules():
        if rule.methods and "GET" in rule.methods:
            path = str(rule)
            for name in rule.arguments:
                path = path.replace(f"<{name}>", str(values.get(name, entry["id"])))
            text = caller.get(path).get_data()
            assert secret.encode() not in text, path
            assert secret[:-6].encode() not in text, path
            seen += 1
    assert seen > 30
    with service.services.database.snapshot() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert secret[:-6] not in json.dumps([str(each) for each in row]), table.name
