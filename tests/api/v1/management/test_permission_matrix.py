"""Who may do what to an entry in which state: every route of an entry, by every kind of caller, from the route map.

A route that is not in the table fails. Writes are tried with ``dry_run``, so that every trial meets the same entries.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from cms.keys import ROLES, SCOPES
from tests.service import Caller, Service

ROOT = "/api/v1/manage/articles/<entry_id>"
STATES = ("draft", "live", "scheduled", "trashed")
READ, WRITE, PUBLISH = "content:preview", "content:write", "content:publish"
ANYWHERE = (200, 200, 200, 200)
NOT_IN_THE_TRASH = (200, 200, 200, 404)


@dataclass(frozen=True)
class Rule:
    """The scope that a route needs, and what it then answers for an entry of each of the states."""

    scope: str
    answers: tuple[int, int, int, int]
    body: Any = None
    query: str = ""
    publishes: tuple[str, ...] = ()
    """The states in which it takes something from readers, so that publishing must be allowed too."""


TABLE = {
    ("GET", ""): Rule(READ, ANYWHERE),
    ("PUT", ""): Rule(WRITE, (200, 200, 200, 409), {"title": "Another title"}),
    ("PATCH", ""): Rule(WRITE, NOT_IN_THE_TRASH, {"title": "Another title"}),
    ("DELETE", ""): Rule(WRITE, (204, 204, 204, 404), publishes=("live", "scheduled")),
    ("POST", "/undelete"): Rule(WRITE, (404, 404, 404, 200)),
    ("POST", "/duplicate"): Rule(WRITE, (201, 201, 201, 404), {}),
    ("POST", "/restore"): Rule(WRITE, NOT_IN_THE_TRASH, {"revision": 1}),
    ("POST", "/preview-tokens"): Rule(READ, (201, 201, 201, 404), {}),
    ("GET", "/publication"): Rule(READ, ANYWHERE),
    ("PUT", "/publication"): Rule(PUBLISH, NOT_IN_THE_TRASH, {}),
    ("DELETE", "/publication"): Rule(PUBLISH, NOT_IN_THE_TRASH),
    ("DELETE", "/publication/<publication_id>"): Rule(PUBLISH, (404, 409, 200, 404)),
    ("GET", "/revisions"): Rule(READ, ANYWHERE),
    ("GET", "/revisions/<number>"): Rule(READ, ANYWHERE),
    ("GET", "/diff"): Rule(READ, ANYWHERE, query="from=1&to=draft"),
    ("GET", "/usage"): Rule(READ, ANYWHERE),
    ("GET", "/readiness"): Rule(READ, ANYWHERE),
}


@pytest.fixture
def entries(service: Service) -> dict[str, tuple[str, str]]:
    """An article in each state: its id, and that of its newest publication."""
    editor = service.editor
    made = {state: editor.create("articles")["id"] for state in STATES}
    published = dict.fromkeys(STATES, "0199c0de-0000-7000-8000-000000000001")
    tomorrow = clock.to_wire(clock.now() + timedelta(days=1))
    for state, times in {"live": {}, "scheduled": {"live_from": tomorrow}}.items():
        published[state] = editor.publish("articles", made[state], **times)["timeline"][-1]["id"]
    editor.trash("articles", made["trashed"])
    return {state: (made[state], published[state]) for state in STATES}


@pytest.fixture
def callers(service: Service) -> dict[str, tuple[Caller, frozenset[str] | None]]:
    """Each kind of caller with its scopes; ``None`` for those whom no key lets in."""
    revoked, expired = service.with_key(*SCOPES), service.with_key(*SCOPES, expires_at=clock.now())
    assert revoked.key is not None
    service.admin.delete(f"/api/v1/manage/keys/{revoked.key.split('_')[1]}")
    strangers = {"none": service, "bad": Caller(service.app, "cms_bad"), "revoked": revoked, "expired": expired}
    found: dict[str, tuple[Caller, frozenset[str] | None]] = {name: (each, None) for name, each in strangers.items()}
    return found | {role: (getattr(service, role), frozenset(ROLES[role])) for role in ROLES}


def test_the_table_has_every_route_of_an_entry_and_its_scope(service: Service) -> None:
    found = [each for each in service.routes() if each.path.startswith(ROOT)]
    assert {(each.method, each.path.removeprefix(ROOT)): each.contract.scope for each in found} == {
        route: rule.scope for route, rule in TABLE.items()
    }


def test_each_caller_gets_what_the_table_says_of_an_entry_in_each_state(
    service: Service, entries: dict[str, tuple[str, str]], callers: dict[str, tuple[Caller, frozenset[str] | None]]
) -> None:
    tags = {
        state: service.admin.get(f"/api/v1/manage/articles/{entry}").headers["ETag"]
        for state, (entry, _) in entries.items()
    }
    wrong = {}
    for (method, path), rule in TABLE.items():
        for state, expected in zip(STATES, rule.answers, strict=True):
            for name, (caller, scopes) in callers.items():
                status = _tried(caller, method, path, rule, entries[state])
                if status != (right := _right(rule, state, expected, scopes)):
                    wrong[method, path, state, name] = (status, right)
    assert wrong == {}
    for state, (entry, _) in entries.items():
        assert service.admin.get(f"/api/v1/manage/articles/{entry}").headers["ETag"] == tags[state]


def _tried(caller: Caller, method: str, path: str, rule: Rule, entry: tuple[str, str]) -> int:
    address = f"{ROOT}{path}".replace("<entry_id>", entry[0]).replace("<publication_id>", entry[1])
    query = rule.query if method == "GET" else "dry_run=true"
    options: dict[str, Any] = {"headers": {} if method in ("GET", "POST") else {"If-Match": "*"}}
    if rule.body is not None:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        options |= {"json": rule.body, "content_type": kind}
    return caller.request(method, f"{address.replace('<number>', '1')}?{query}", **options).status_code


def _right(rule: Rule, state: str, expected: int, scopes: frozenset[str] | None) -> int:
    if scopes is None:
        return 401
    needed = {rule.scope} | ({PUBLISH} if state in rule.publishes else set())
    return expected if needed <= scopes else 403
