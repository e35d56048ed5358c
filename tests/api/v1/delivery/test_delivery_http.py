"""Delivery as HTTP: how long an answer may be kept, who may ask from where, and which methods and types there are."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from cms import clock
from tests.service import Service

ITEMS = ("articles/one", "faqs", "authors", "social-links", "tags", "site", "platforms", "articles?include=seo")
PROBLEM = "application/problem+json"
EXPOSED = {"Cache-Status", "Content-Language", "ETag", "Link", "Location", "Retry-After", "X-Request-Id"}


@pytest.fixture
def site(service: Service) -> Service:
    """A site with one article."""
    service.editor.create_published("articles", slug="one", body="A *body*.")
    return service


def lifetimes(response: TestResponse, header: str) -> dict[str, int]:
    """The directives of a header that have seconds."""
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", response.headers[header])}


def lasting(response: TestResponse) -> list[tuple[str, str]]:
    """The headers without that of how this one request was answered."""
    return sorted(each for each in response.headers if each[0] != "Cache-Status")


def in_seconds(seconds: int) -> str:
    return clock.to_wire(clock.now() + timedelta(seconds=seconds))


def test_what_nothing_is_planned_for_may_be_kept(site: Service) -> None:
    for path in ITEMS:
        response = site.get(f"/api/v1/{path}")
        assert response.headers["Cache-Control"].startswith("public, max-age=")
        assert response.headers["Vary"] == "Accept-Encoding"
        for header in ("Cache-Control", "CDN-Cache-Control", "Surrogate-Control"):
            given = lifetimes(response, header)
            assert given["max-age"] > 10, header
            assert {"stale-while-revalidate", "stale-if-error"} <= given.keys()
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("change", ["a beginning", "an end", "an unpublishing"])
def test_nothing_fresh_outlives_the_next_planned_change_of_the_site(site: Service, change: str) -> None:
    tag = site.editor.create("tags")
    if change == "a beginning":
        site.editor.publish("tags", tag, live_from=in_seconds(40))
    elif change == "an end":
        site.editor.publish("tags", tag, live_until=in_seconds(40))
    else:
        site.editor.publish("tags", tag)
        site.editor.unpublish("tags", tag, at=in_seconds(40))
    for path in ITEMS:
        for header in ("Cache-Control", "CDN-Cache-Control", "Surrogate-Control"):
            given = lifetimes(site.get(f"/api/v1/{path}"), header)
            assert 0 < given["max-age"] <= 40
            assert given["max-age"] + given.get("stale-while-revalidate", 0) <= 40
    with clock.moved(timedelta(seconds=35)):
        assert lifetimes(site.get("/api/v1/articles/one"), "Cache-Control")["max-age"] <= 5
        assert lifetimes(site.get("/api/v1/articles/none"), "Cache-Control")["max-age"] <= 5
    with clock.moved(timedelta(seconds=60)):
        assert lifetimes(site.get("/api/v1/articles/one"), "Cache-Control")["max-age"] > 10


def test_what_is_not_there_may_be_kept_for_ten_seconds(site: Service) -> None:
    for path in ("articles/none", "articles/0199c0de-0000-7000-8000-00000000dead", "tags/none"):
        response = site.get(f"/api/v1/{path}")
        assert (response.status_code, response.content_type) == (404, PROBLEM)
        assert re.fullmatch(r"public, max-age=([1-9]|10)", response.headers["Cache-Control"])
        assert "ETag" not in response.headers


def test_every_answer_may_be_read_from_any_origin(site: Service) -> None:
    origin = {"Origin": "https://harbour-and-reed.example"}
    tag = site.get("/api/v1/articles/one").headers["ETag"]
    for method, path, headers, status in (
        ("GET", "articles/one", {}, 200),
        ("HEAD", "articles/one", {}, 200),
        ("GET", "articles/one", {"If-None-Match": tag}, 304),
        ("GET", "articles?limit=0", {}, 400),
        ("GET", "articles/none", {}, 404),
        ("GET", "nothing-at-all", {}, 404),
        ("POST", "articles", {}, 405),
        ("GET", "articles", {"Accept": "text/html"}, 406),
        ("OPTIONS", "articles", {}, 204),
    ):
        response = site.request(method, f"/api/v1/{path}", headers=origin | headers)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) >= EXPOSED
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_options_says_what_may_be_done_and_answers_a_preflight(site: Service) -> None:
    preflight = {
        "Origin": "https://harbour-and-reed.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, if-none-match",
    }
    for path in ("articles", "articles/one", "articles/none", "tags", "site", "platforms"):
        for headers in ({}, preflight):
            response = site.request("OPTIONS", f"/api/v1/{path}", headers=headers)
            assert (response.status_code, response.get_data()) == (204, b"")
            assert {each.strip() for each in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
            assert "Content-Type" not in response.headers
            assert "GET" in response.headers["Access-Control-Allow-Methods"]
            allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"authorization", "if-none-match"} <= set(allowed)
            assert int(response.headers["Access-Control-Max-Age"]) > 0


def test_head_says_what_get_says_without_the_body(site: Service) -> None:
    for path in (*ITEMS, "articles?limit=1&include_total=true", "articles/none", "articles?limit=0", "articles/"):
        headers = {"X-Request-Id": "the-same"}
        get = site.get(f"/api/v1/{path}", headers=headers)
        head = site.request("HEAD", f"/api/v1/{path}", headers=headers)
        assert head.status_code == get.status_code
        assert lasting(head) == lasting(get)
        assert get.get_data()
        assert head.get_data() == b""


def test_other_methods_are_405_and_change_nothing(site: Service) -> None:
    before = site.get("/api/v1/articles/one")
    for path in ("articles", "articles/one", "tags", "social-links", "site", "platforms"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for caller in (site, site.admin):
                response = caller.request(method, f"/api/v1/{path}", json={"title": "Changed"})
                assert (response.status_code, response.content_type) == (405, PROBLEM), (method, path)
                assert {each.strip() for each in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
                assert response.get_json()["status"] == 405
    assert site.get("/api/v1/articles/one").get_data() == before.get_data()


def test_who_does_not_accept_json_is_answered_406(site: Service) -> None:
    for accept in ("text/html", "application/xml", "image/*", "application/json;q=0", "application/json;q=0, */*"):
        for path in ("articles", "articles/one", "site"):
            if path == "articles/one" and "*/*" in accept:
                continue  # An article comes in other forms too.
            response = site.get(f"/api/v1/{path}", headers={"Accept": accept})
            assert (response.status_code, response.content_type) == (406, PROBLEM), accept
            assert response.get_json()["type"].endswith("/docs/problems/not-acceptable")


def test_text_says_its_charset_and_json_has_none(site: Service) -> None:
    for accept, expected in (
        ("text/markdown", "text/markdown; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
    ):
        assert site.get("/api/v1/articles/one", headers={"Accept": accept}).content_type == expected


def test_who_accepts_json_in_any_way_is_answered(site: Service) -> None:
    plain = site.get("/api/v1/articles/one")
    for accept in (
        "application/json",
        "application/*",
        "*/*",
        "text/html, */*;q=0.1",
        "text/html, application/json;q=0.001",
        "Application/JSON",
    ):
        response = site.get("/api/v1/articles/one", headers={"Accept": accept})
        assert (response.status_code, response.get_data()) == (200, plain.get_data()), accept


def test_an_accept_that_cannot_be_read_counts_as_absent(site: Service) -> None:
    answered = {
        accept: site.get("/api/v1/articles/one", headers={"Accept": accept}).status_code
        for accept in ("", "garbage", "text", ";;;", ",", "/", "application", "*", "a/b/c", "\x7f", "=")
    }
    assert answered == dict.fromkeys(answered, 200)


def test_a_charset_in_accept_does_not_rule_json_out(site: Service) -> None:
    """JSON has no such parameter (RFC 8259, 11), yet many clients send it."""
    for accept in ("application/json; charset=utf-8", "application/json;charset=UTF-8, text/plain;q=0.5"):
        assert site.get("/api/v1/articles/one", headers={"Accept": accept}).status_code == 200


def test_every_address_has_one_form(site: Service) -> None:
    for path in (
        "/api/v1/articles/",
        "/api/v1/articles/one/",
        "/api/v1//articles",
        "//api/v1/articles",
        "/api//v1/articles/one",
        "/api/v1/articles//one",
        "/api/v1/Articles",
        "/api/v1/articles/One",
        "/api/v1/articles/one.json",
        "/api/v1/articles/%00",
        "/api/v1/articles/%FF",
        "/api/v1/articles/../articles",
        "/api/v1/articles/" + "a" * 500,
        "/api/v1/social_links",
        "/api/v1",
        "/api/v2/articles",
    ):
        response = site.get(path)
        assert (response.status_code, response.content_type) == (404, PROBLEM), path
        assert response.get_json()["status"] == 404


def test_a_problem_names_its_kind_by_an_address_that_answers(site: Service) -> None:
    for path in ("articles/none", "articles?limit=0"):
        problem = site.get(f"/api/v1/{path}").get_json()
        assert {"type", "title", "status", "detail"} <= problem.keys()
        address = problem["type"].removeprefix("http://127.0.0.1:8000")
        assert site.get(address).status_code == 200
