"""Who may do what: every method of every route, by every kind of caller, as its contract says.

The routes come from the application itself, so that a new one is tested by being there.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms import clock
from cms.api.http.contract import Contract
from cms.keys import ROLES, SCOPES
from cms.keys.scopes import with_implied
from tests.service import MERGE_PATCH, Caller, Service

NOBODY = str(uuid.UUID(int=1))


@dataclass(frozen=True)
class Operation:
    """One method of one route, with an address that leads to nothing that exists."""

    method: str
    path: str
    contract: Contract

    def call(self, caller: Caller, **headers: str) -> Any:
        options: dict[str, Any] = {"headers": headers}
        if self.contract.body is not None:
            options |= {"data": "{}", "content_type": self.contract.body_type}
        return caller.request(self.method, self.path, **options)


def operations(service: Service) -> Iterator[Operation]:
    for method, path, contract in service.routes():
        yield Operation(method, re.sub(r"<\w+>", NOBODY, path.replace("<number>", "1")), contract)


def guarded(service: Service) -> list[Operation]:
    return [each for each in operations(service) if not each.contract.is_public]


def test_the_routes_are_found(service: Service) -> None:
    found = {(each.method, each.path) for each in operations(service)}
    assert len(found) > 80
    assert ("GET", "/api/v1/articles") in found
    assert ("DELETE", f"/api/v1/manage/tags/{NOBODY}/publication") in found
    assert ("POST", "/api/v1/manage/keys") in found


def test_each_operation_is_public_or_names_a_scope_that_exists(service: Service) -> None:
    for each in operations(service):
        if each.contract.is_public:
            assert each.contract.scope is None
            assert each.method == "GET"
            assert "/manage/" not in each.path
            assert "/preview/" not in each.path
        else:
            assert each.contract.scope in {*SCOPES, "any"}
            assert "/manage/" in each.path or "/preview/" in each.path


# What a method may ask for by what it does; the contract's own word is compared with it.
EXPECTED = {
    "GET": {"content:preview", "keys:write", "events:read", "any"},
    # A batch takes any key, and judges each of its operations by what it needs.
    "POST": {"content:write", "keys:write", "media:write", "webhooks:write", "content:publish", "any"},
    "PUT": {"content:write", "content:publish", "site:write"},
    "PATCH": {"content:write", "site:write"},
    "DELETE": {"content:write", "content:publish", "keys:write"},
}


def test_scopes_fit_what_the_method_does(service: Service) -> None:
    for each in guarded(service):
        if each.path.endswith("/preview-tokens"):
            assert each.contract.scope == "content:preview"  # It gives away what its maker may see.
            continue
        assert each.contract.scope in EXPECTED[each.method], each
        if each.path.endswith("/publication") and each.method != "GET":
            assert each.contract.scope == "content:publish"
        if each.path.startswith("/api/v1/manage/keys"):
            assert each.contract.scope == "keys:write"


def test_without_a_key_every_guarded_operation_is_401(service: Service) -> None:
    for each in guarded(service):
        response = each.call(service)
        assert response.status_code == 401, each
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="cms"'
        expected = "private, no-store" if each.path.startswith("/api/v1/preview") else "no-store"
        assert response.headers["Cache-Control"] == expected
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("state", ["wrong", "revoked", "expired"])
def test_a_key_that_is_not_good_opens_nothing(service: Service, state: str) -> None:
    caller = service.with_key(*SCOPES, expires_at=clock.now() + timedelta(hours=1))
    assert caller.key is not None
    key_id = caller.key.split("_")[1]
    if state == "wrong":
        other = service.with_key("content:preview")
        assert other.key is not None
        caller = Caller(service.app, f"cms_{key_id}_{other.key.split('_')[2]}")
    if state == "revoked":
        assert service.admin.delete(f"/api/v1/manage/keys/{key_id}").status_code == 204
    with clock.moved(timedelta(hours=2 if state == "expired" else 0)):
        for each in guarded(service):
            response = each.call(caller)
            assert response.status_code == 401, each
            assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("role", list(ROLES))
def test_a_role_opens_what_its_scopes_name_and_nothing_else(service: Service, role: str) -> None:
    caller = getattr(service, role)
    for each in guarded(service):
        response = each.call(caller)
        allowed = each.contract.scope == "any" or each.contract.scope in ROLES[role]
        if allowed:
            assert response.status_code not in (401, 403), each
            assert response.status_code < 500, each
        else:
            assert response.status_code == 403, each
            assert "WWW-Authenticate" not in response.headers
            assert str(each.contract.scope) in response.get_json()["detail"]


def test_one_scope_alone_opens_its_own_operations_and_what_it_implies(service: Service) -> None:
    callers = {scope: service.with_key(scope) for scope in SCOPES}
    for each in guarded(service):
        if not each.path.startswith(("/api/v1/manage/articles", "/api/v1/manage/site", "/api/v1/manage/keys")):
            continue
        for scope, caller in callers.items():
            refused = each.call(caller).status_code == 403
            assert refused is (each.contract.scope not in with_implied({scope})), (each, scope)


def test_a_key_without_scopes_may_only_ask_who_it_is(service: Service) -> None:
    caller = service.with_key()
    for each in guarded(service):
        expected = {"/api/v1/manage/whoami": 200, "/api/v1/manage/batch": 422}.get(each.path, 403)
        assert each.call(caller).status_code == expected, each


def test_the_scope_is_judged_before_the_body_the_query_and_the_entry(service: Service) -> None:
    paths = (f"/api/v1/manage/articles/{NOBODY}", "/api/v1/manage/site")
    for path in paths:
        response = service.viewer.patch(f"{path}?nonsense=1", data="{", content_type="text/plain")
        assert response.status_code == 403, path
        response = service.patch(f"{path}?nonsense=1", data="x" * 2_000_000, content_type=MERGE_PATCH)
        assert response.status_code == 401, path


# What is asked of these without a query, and without the setting that the last one needs.
UNASKED = {"/api/v1/search": 400, "/.well-known/security.txt": 404, f"/sitemaps/{NOBODY}.xml": 200}
# Their tokens hold the instant of the answer, or their problem the request's id.
OF_ONE_REQUEST = ("/api/v1/changes", "/api/v1/stream", "/api/v1/search")


def test_every_public_operation_answers_anyone_alike(service: Service) -> None:
    service.editor.create_published("articles")
    wrong = Caller(service.app, "cms_wrong")
    found = [each for each in operations(service) if each.contract.is_public]
    assert len(found) > 10
    for each in found:
        anonymous = each.call(service)
        expected = 404 if NOBODY in each.path else 200
        assert anonymous.status_code == UNASKED.get(each.path, expected), each
        for caller in (service.admin, service.viewer, wrong):
            other = each.call(caller)
            assert other.status_code == anonymous.status_code, each
            if each.path in OF_ONE_REQUEST:
                continue
            assert other.get_data() == anonymous.get_data(), each
            assert told(other) == told(anonymous), each


def told(response: TestResponse) -> dict[str, str]:
    """The headers, but for the request's id and how the answer was come by."""
    return {name: value for name, value in response.headers.items() if name not in ("X-Request-Id", "Cache-Status")}


def test_delivery_takes_reading_methods_only(service: Service) -> None:
    for each in operations(service):
        if each.contract.is_public:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                response = service.admin.request(method, each.path)
                assert response.status_code == 405, (method, each.path)
                assert "GET" in response.headers["Allow"]


def test_head_and_options_need_what_get_needs_and_no_more(service: Service) -> None:
    for each in operations(service):
        if each.method != "GET":
            continue
        anonymous = service.request("HEAD", each.path)
        assert anonymous.status_code == service.request("GET", each.path).status_code, each
        assert anonymous.get_data() == b""
        options = service.request("OPTIONS", each.path)
        assert options.status_code == 204
        assert "GET" in options.headers["Allow"]
