"""What a route declares is all there is: nothing undeclared starts, and nothing undeclared is read."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cms.api import about as service_routes
from cms.api.about import Health
from cms.api.http.contract import body, needs_no_database, operation, public, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.loading import pointer
from cms.api.http.merge_patch import merge_patch
from cms.api.http.responses import Answer
from cms.app import ContractError, create_app
from cms.settings import Settings
from tests.service import SECRET, Service


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a service that never opens its database."""
    return Settings(database_url=f"sqlite:///{tmp_path / 'cms.db'}", secret_key=SECRET)


def served_with(settings: Settings, endpoint: type[Endpoint], monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with one more route."""
    monkeypatch.setattr(service_routes, "ROUTES", (*service_routes.ROUTES, ("service", "/api/v1/more", endpoint)))
    return create_app(settings)


def test_a_route_that_declares_everything_starts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Whole(Endpoint):
        @public
        @needs_no_database
        @operation("getMore")
        @returns(200, Health)
        def get(self) -> Answer:
            """Get more."""
            return Answer({"status": "ok"})

    app = served_with(settings, Whole, monkeypatch)
    assert app.test_client().get("/api/v1/more", headers={"Host": "localhost"}).get_json() == {"status": "ok"}


def test_a_route_without_a_scope_or_public_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unguarded(Endpoint):
        @operation("getMore")
        @returns(200, Health)
        def get(self) -> Answer:
            """Get more."""
            return Answer({"status": "ok"})

    with pytest.raises(ContractError, match="GET /api/v1/more must have a scope or be public, and not both"):
        served_with(settings, Unguarded, monkeypatch)


def test_a_route_with_both_a_scope_and_public_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Undecided(Endpoint):
        @public
        @scope("content:preview")
        @operation("getMore")
        @returns(200, Health)
        def get(self) -> Answer:
            """Get more."""
            return Answer({"status": "ok"})

    with pytest.raises(ContractError, match="GET /api/v1/more must have a scope or be public, and not both"):
        served_with(settings, Undecided, monkeypatch)


def test_a_public_post_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Open(Endpoint):
        @public
        @operation("postMore")
        @body(Health)
        @returns(200, Health)
        def post(self, body: dict[str, Any]) -> Answer:
            """Post more."""
            return Answer(body)

    with pytest.raises(ContractError, match="POST /api/v1/more must not be public, because it is a write"):
        served_with(settings, Open, monkeypatch)


def test_a_route_without_a_declared_answer_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Endpoint):
        @public
        @operation("getMore")
        def get(self) -> Answer:
            """Get more."""
            return Answer()

    with pytest.raises(ContractError, match="GET /api/v1/more must have an operation id, an answer and a docstring"):
        served_with(settings, Silent, monkeypatch)


def test_a_route_with_a_scope_that_no_key_can_have_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Misspelt(Endpoint):
        @scope("content:reed")
        @operation("getMore")
        @returns(200, Health)
        def get(self) -> Answer:
            """Get more."""
            return Answer({"status": "ok"})

    with pytest.raises(ContractError):
        served_with(settings, Misspelt, monkeypatch)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every documented operation with an address that has its form."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), re.sub(r"\{\w+\}", "0199c0de-0000-7000-8000-00000000dead", path), described


def test_no_route_reads_a_parameter_that_is_not_declared(service: Service) -> None:
    for method, path, _ in operations(service.get("/api/v1/openapi.json").get_json()):
        response = service.admin.request(method, path, query_string={"undeclared": "1"})
        assert response.status_code == 400, (method, path, response.get_data(as_text=True))
        # What is required is told of as well.
        faults = [each for each in response.get_json()["errors"] if each["code"] != "required"]
        assert [(each["parameter"], each["code"]) for each in faults] == [("undeclared", "unknown_parameter")], path


def test_a_near_miss_is_told_the_declared_name(service: Service) -> None:
    (fault,) = service.get("/api/v1/articles?tags=repair").get_json()["errors"]
    assert (fault["parameter"], fault["did_you_mean"]) == ("tags", "tag")


def test_a_scalar_parameter_stands_once(service: Service) -> None:
    response = service.get("/api/v1/articles?limit=1&limit=2&sort=title&sort=title")
    assert response.status_code == 400
    assert {(each["parameter"], each["code"]) for each in response.get_json()["errors"]} == {
        ("limit", "repeated"),
        ("sort", "repeated"),
    }


def test_every_declared_scope_is_asked_for(service: Service) -> None:
    bystander = service.with_key("events:read")
    for method, path, described in operations(service.get("/api/v1/openapi.json").get_json()):
        if "x-scope" not in described:
            continue
        assert service.request(method, path).status_code == 401, (method, path)
        refused = bystander.request(method, path)
        if described["x-scope"] in ("any", "events:read"):
            assert refused.status_code not in (401, 403), (method, path)
        else:
            assert refused.status_code == 403, (method, path)
            assert described["x-scope"] in refused.get_json()["detail"]


# RFC 7396, appendix A: the original, the patch, the result.
MERGES = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


@pytest.mark.parametrize(("original", "patch", "result"), MERGES)
def test_a_merge_patch_does_what_the_rfc_says(original: str, patch: str, result: str) -> None:
    assert merge_patch(json.loads(original), json.loads(patch)) == json.loads(result)


def test_a_merge_patch_leaves_its_target_as_it_was() -> None:
    target = {"a": {"b": "c"}, "d": ["e"]}
    merge_patch(target, {"a": {"b": None, "f": 1}, "d": None})
    assert target == {"a": {"b": "c"}, "d": ["e"]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "#"),
        (("seo", "title"), "#/seo/title"),
        (("faqs", "0"), "#/faqs/0"),
        (("a/b",), "#/a~1b"),
        (("m~n",), "#/m~0n"),
        (("~1",), "#/~01"),
        (("",), "#/"),
    ],
)
def test_a_pointer_escapes_what_the_rfc_says(path: tuple[str, ...], expected: str) -> None:
    assert pointer(path) == expected


def test_a_pointer_leads_to_a_field_with_an_odd_name(service: Service) -> None:
    response = service.editor.post("/api/v1/manage/tags", json={"name": "Tag", "a/b~c": 1})
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/a~1b~0c"]


def test_a_pointer_is_a_uri_fragment(service: Service) -> None:
    response = service.editor.post("/api/v1/manage/tags", json={"name": "Tag", "größe in %": 1})
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/gr%C3%B6%C3%9Fe%20in%20%25"]
