"""Errors: RFC 9457 problems on every status and every route, HTML and traces never."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms.api.problem_types import PROBLEMS
from cms.api.replaying import alone
from cms.content.editing import actions
from cms.errors import Unavailable
from cms.idempotency import Repeatable
from tests.service import HOST, Caller, Service

MANAGED = "/api/v1/manage/tags"
LEAKS = re.compile(
    r'Traceback|File "|sqlalchemy|psycopg|sqlite|werkzeug|flask|marshmallow|/srv/cms|\.py\b|<!doctype', re.I
)


def call(service: Service, status: str) -> TestResponse:
    """One request that ends in each problem that a client can cause."""
    entry = service.editor.create("tags", slug="paper")
    path = f"{MANAGED}/{entry['id']}"
    used = service.editor.create("tags")
    service.editor.create("articles", tags=[used["id"]])
    json = "application/json"
    requests: dict[str, Callable[[], TestResponse]] = {
        "malformed-request": lambda: service.editor.post(MANAGED, data=b"{", content_type=json),
        "invalid-parameter": lambda: service.get("/api/v1/tags?nonsense=1"),
        "unauthorized": lambda: service.get(MANAGED),
        "forbidden": lambda: service.viewer.post(MANAGED, json={}),
        "not-found": lambda: service.viewer.get(f"{MANAGED}/{uuid.uuid4()}"),
        "method-not-allowed": lambda: service.post("/api/v1/tags"),
        "not-acceptable": lambda: service.get("/api/v1/tags", headers={"Accept": "text/html"}),
        "conflict": lambda: service.editor.delete(f"{MANAGED}/{used['id']}", if_match="*"),
        "slug-taken": lambda: service.editor.post(MANAGED, json={"name": "Paper", "slug": "paper"}),
        "precondition-failed": lambda: service.editor.patch(path, json={}, if_match='"0"'),
        "content-too-large": lambda: service.editor.post(MANAGED, data=b" " * 2_000_000, content_type=json),
        "uri-too-long": lambda: service.get("/api/v1/tags/" + "x" * 9000),
        "unsupported-media-type": lambda: service.editor.post(MANAGED, data=b"{}", content_type="text/plain"),
        "validation-error": lambda: service.editor.post(MANAGED, json={}),
        "precondition-required": lambda: service.editor.patch(path, json={}),
        "not-ready": lambda: not_ready(service),
        "idempotency-key-reused": lambda: sent_under_one_key(service, {"name": "Card"}),
        "idempotency-in-progress": lambda: while_the_first_runs(service),
    }
    return requests[status]()


def not_ready(service: Service) -> TestResponse:
    service.admin.patch("/api/v1/manage/site", json={"publish_blockers": ["missing_summary"]}, if_match="*")
    return service.editor.post("/api/v1/manage/articles?publish=true", json={"title": "Paper"})


def sent_under_one_key(service: Service, then: dict[str, str]) -> TestResponse:
    headers = {"Idempotency-Key": "one"}
    service.editor.post(MANAGED, json={"name": "Paper and card"}, headers=headers)
    return service.editor.post(MANAGED, json=then, headers=headers)


def while_the_first_runs(service: Service) -> TestResponse:
    assert service.editor.key is not None
    with alone(Repeatable(service.editor.key.split("_")[1], "one", "")):
        return service.editor.post(MANAGED, json={"name": "Card"}, headers={"Idempotency-Key": "one"})


NOT_CAUSED = {"internal", "not-implemented", "temporarily-unavailable", "headers-too-large"}
CAUSED = [code for code in PROBLEMS if code not in NOT_CAUSED]


def is_problem(response: TestResponse, code: str) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    kind = PROBLEMS[code]
    assert document["type"] == f"http://127.0.0.1:8000/docs/problems/{code}"
    assert (response.status_code, document["status"], document["title"]) == (kind.status, kind.status, kind.title)
    assert document["detail"].endswith((".", "?"))
    assert not LEAKS.search(response.get_data(as_text=True))
    has_common_headers(response)
    return document


def has_common_headers(response: TestResponse) -> None:
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"] or "text/html" in (
        response.content_type or ""
    )
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", response.headers["X-Request-Id"])
    assert "Set-Cookie" not in response.headers
    assert not re.search(r"\d", response.headers.get("Server", ""))


@pytest.mark.parametrize("code", CAUSED)
def test_every_problem_that_a_client_can_cause_is_one_document(service: Service, code: str) -> None:
    response = call(service, code)
    document = is_problem(response, code)
    assert document["instance"] == f"urn:request:{response.headers['X-Request-Id']}"
    assert response.headers["Cache-Control"] == "no-store"
    assert set(document) <= {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "errors",
        "etag",
        "changed_fields",
        "changed_by",
        "changed_at",
        "usage",
        "operation",
        "scope",
    }
    for fault in document.get("errors", []):
        assert {"code", "detail"} <= set(fault)
        assert set(fault) <= {"code", "detail", "pointer", "parameter", "header", "did_you_mean"}
        assert len({"pointer", "parameter", "header"} & set(fault)) <= 1


def test_every_type_of_problem_has_a_page_that_answers(service: Service) -> None:
    for code, kind in PROBLEMS.items():
        response = service.get(f"/docs/problems/{code}")
        assert response.status_code == 200, code
        assert response.content_type == "text/html; charset=utf-8"
        assert str(kind.status) in response.get_data(as_text=True)
        assert kind.title in response.get_data(as_text=True)
    assert service.get("/docs/problems/").status_code == 200
    is_problem(service.get("/docs/problems/no-such-problem"), "not-found")


UNKNOWN = [
    "/nowhere",
    "/api/",
    "/api/v2/articles",
    "/api/v1",
    "/api/v1/",
    "/api/v1/articles/",
    "/api/v1//articles",
    "/api/v1/articles/x/y",
    "/api/v1/manage",
    "/api/v1/manage/nothing",
    "/api/v1/./articles",
    "/swagger.json",
    "/swaggerui/swagger-ui.css",
    "/static/x",
    "/docs/../pyproject.toml",
    "/docs/..%2f..%2fpyproject.toml",
    "/docs/index.html",
    "/%00",
    "/%ff",
    "/console",
]


def test_an_unknown_address_is_a_problem_and_no_redirect(service: Service) -> None:
    for path in UNKNOWN:
        # The pages of the reference share one route, which has no other method.
        for method in ("GET",) if path.startswith("/docs/") else ("GET", "POST"):
            response = service.request(method, path)
            assert response.status_code == 404, (method, path)
            assert "errors" not in is_problem(response, "not-found")


def test_the_root_is_an_address_like_any_that_nobody_declared(service: Service) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        is_problem(service.request(method, "/"), "not-found")


def test_an_accept_header_that_cannot_be_read_counts_as_absent(service: Service) -> None:
    for accept in ("nonsense", ",;q=x", ";;;", "/", "", "application/json;q=x", "text/html, */*;q=0.1"):
        assert service.get("/api/v1/tags", headers={"Accept": accept}).status_code == 200, accept


def test_an_error_ignores_what_the_client_accepts(service: Service) -> None:
    for accept in ("text/html", "image/png", "nonsense", "application/json;q=0"):
        is_problem(service.get("/nowhere", headers={"Accept": accept}), "not-found")


def test_a_method_that_an_address_lacks_is_405_with_the_ones_it_has(service: Service) -> None:
    cases = [
        ("DELETE", "/api/v1/articles", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", MANAGED, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", f"{MANAGED}/x/restore", {"OPTIONS", "POST"}),
        ("POST", f"{MANAGED}/x/publication", {"DELETE", "GET", "HEAD", "OPTIONS", "PUT"}),
        ("TRACE", "/api/v1/articles", {"GET", "HEAD", "OPTIONS"}),
        ("FOO", "/api/v1/articles", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/docs", {"GET", "HEAD", "OPTIONS"}),
    ]
    for method, path, allowed in cases:
        response = service.admin.request(method, path)
        is_problem(response, "method-not-allowed")
        assert set(response.headers["Allow"].split(", ")) == allowed, (method, path)


def test_no_header_makes_a_get_into_a_write(service: Service) -> None:
    entry = service.editor.create("tags")
    path = f"{MANAGED}/{entry['id']}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        headers = {header: "DELETE", "If-Match": "*"}
        assert service.editor.get(path, headers=headers).status_code == 200
        assert service.editor.post(path, headers=headers).status_code == 405
    assert service.editor.post(f"{path}?_method=DELETE", headers={"If-Match": "*"}).status_code == 405
    assert service.editor.read("tags", entry) == entry


def test_a_host_of_another_name_is_400_and_stands_nowhere(service: Service) -> None:
    for host in ("evil.test", "127.0.0.1.evil.test", "", "127.0.0.1@evil.test", "evil.test:8000"):
        response = service.get("/api/v1/articles", headers={"Host": host})
        assert response.status_code == 400, host
        is_problem(response, "malformed-request")
        assert "evil.test" not in response.get_data(as_text=True) + str(response.headers)
    service.editor.create("tags")
    service.editor.create("tags")
    headers = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.test"}
    response = service.editor.get(f"{MANAGED}?limit=1", headers=headers)
    assert response.status_code == 200
    assert "evil.test" not in response.get_data(as_text=True) + str(response.headers)


def test_the_length_of_an_address_has_an_end(service: Service) -> None:
    is_problem(service.get("/api/v1/tags?nonsense=" + "x" * 8000), "uri-too-long")
    is_problem(service.editor.get(f"{MANAGED}?cursor=" + "x" * 8000), "uri-too-long")
    is_problem(service.get("/api/v1/tags?nonsense=" + "x" * 7000), "invalid-parameter")


def test_the_request_id_of_the_client_is_kept_if_it_is_a_plain_word(service: Service) -> None:
    for given in ("a", "A.b_c-1", "x" * 64):
        for path in ("/api/v1/articles", "/nowhere", "/docs"):
            assert service.get(path, headers={"X-Request-Id": given}).headers["X-Request-Id"] == given
    seen = set()
    for given in ("", "x" * 65, "a b", "<script>", "a;b", "é", "a/b"):
        found = service.get("/nowhere", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert uuid.UUID(found).version == 7, given
        seen.add(found)
    assert len(seen) == 7


def test_at_most_fifty_faults_are_reported_in_a_stable_order(service: Service) -> None:
    body = {"name": "Paper", **{f"field{number:03}": 1 for number in range(80)}}
    first, second = (service.editor.post(MANAGED, json=body).get_json() for _ in range(2))
    assert len(first["errors"]) == 50
    assert first["detail"] == "The body has more than 50 errors. The first 50 are listed."
    assert first["errors"] == second["errors"]


def test_input_is_not_echoed_at_length(service: Service) -> None:
    word = "z" * 3000
    for response in (
        service.get("/api/v1/tags", query_string={word: "1"}),
        service.get("/api/v1/tags", query_string={"locale": word}),
        service.editor.post(MANAGED, json={"name": word}),
        service.editor.post(
            "/api/v1/manage/social-links", json={"platform": "other", "url": f"https://a b/{word[:1500]}"}
        ),
        service.editor.post(MANAGED, data=f'{{"{word}": 1, "{word}": 2}}', content_type="application/json"),
        service.editor.patch(f"{MANAGED}/{word}", json={}, if_match="*"),
    ):
        assert response.status_code in (400, 404, 422)
        assert "z" * 150 not in response.get_data(as_text=True)


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("a secret of the house in /srv/cms/secret.py")


def test_what_nobody_foresaw_is_500_without_a_word_of_the_inside(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = service.editor
    before = editor.get(MANAGED).get_json()
    monkeypatch.setattr(actions, "create", broken)
    response = editor.post(MANAGED, json={"name": "Paper"})
    document = is_problem(response, "internal")
    assert "secret" not in response.get_data(as_text=True)
    assert "RuntimeError" not in response.get_data(as_text=True)
    assert document["instance"] == f"urn:request:{response.headers['X-Request-Id']}"
    monkeypatch.undo()
    assert editor.get(MANAGED).get_json() == before
    assert editor.post(MANAGED, json={"name": "Paper"}).status_code == 201


def test_a_failure_after_the_write_leaves_nothing_of_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = service.editor
    monkeypatch.setattr("cms.api.v1.management.answers.warnings_about", broken)
    is_problem(editor.post(MANAGED, json={"name": "Paper", "slug": "paper"}), "internal")
    monkeypatch.undo()
    assert editor.get(MANAGED).get_json()["data"] == []
    assert editor.post(MANAGED, json={"name": "Paper", "slug": "paper"}).status_code == 201


def test_a_busy_database_is_503_with_a_time_to_come_back(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Unavailable("The database is busy.")

    editor = service.editor
    monkeypatch.setattr(actions, "create", busy)
    response = editor.post(MANAGED, json={"name": "Paper"})
    is_problem(response, "temporarily-unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_headers_stand_on_answers_of_every_kind(service: Service) -> None:
    entry = service.editor.create_published("tags")
    path = f"{MANAGED}/{entry['id']}"
    tag = service.get("/api/v1/tags").headers["ETag"]
    answers = {
        200: service.get("/api/v1/tags"),
        201: service.editor.post(MANAGED, json={"name": "Paper"}),
        304: service.get("/api/v1/tags", headers={"If-None-Match": tag}),
        204: service.editor.delete(path, if_match="*"),
    }
    for status, response in answers.items():
        assert response.status_code == status
        has_common_headers(response)
    has_common_headers(service.request("OPTIONS", "/api/v1/tags"))
    has_common_headers(service.get("/docs"))


def test_unknown_headers_are_tolerated(service: Service) -> None:
    strange = {"traceparent": "00-x", "X-Anything": "é", "Cookie": "a=b; ;", "Range": "bytes=5-1"}
    assert service.get("/api/v1/tags", headers=strange).status_code == 200
    assert Caller(service.app).get("/livez", headers=HOST).status_code == 200
