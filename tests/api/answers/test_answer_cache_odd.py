"""The answer cache and odd requests: other methods, other forms of an address, preflights, raw WSGI."""

from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.service import Service

ONE = "/api/v1/articles/one"
PROBLEM = "application/problem+json"
ORIGIN = {"Origin": "https://harbour-and-reed.example"}


@pytest.fixture
def site(service: Service) -> Service:
    """A site with one article, whose answer is kept."""
    service.editor.create_published("articles", slug="one")
    service.get(ONE)
    return service


def sent(service: Service, **variables: Any) -> tuple[int, Headers]:
    """The status and headers for exactly this WSGI environment; a variable that is ``None`` is missing."""
    environ = EnvironBuilder(path=ONE, headers=Headers({"Host": "127.0.0.1:8000"})).get_environ() | variables
    environ = {name: value for name, value in environ.items() if value is not None}
    body, status, headers = run_wsgi_app(service.app, environ, buffered=True)
    assert list(body) is not None
    return int(status.split()[0]), headers


def as_granian(path: str) -> dict[str, Any]:
    """This server hands over the decoded path alone."""
    return {"PATH_INFO": path, "RAW_URI": None, "REQUEST_URI": None}


@pytest.mark.parametrize("method", ["TRACE", "FOO", "PROPFIND", "DELETE", "CONNECT"])
def test_a_method_that_is_not_there_is_405(site: Service, method: str) -> None:
    response = site.request(method, ONE)
    assert (response.status_code, response.content_type) == (405, PROBLEM)
    assert {each.strip() for each in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method", ["get", "Head", "gET"])
def test_methods_have_capitals(site: Service, method: str) -> None:
    status, headers = sent(site, REQUEST_METHOD=method)
    assert (status, headers["Content-Type"]) == (501, PROBLEM)


def test_the_service_as_a_whole_has_options(site: Service) -> None:
    status, headers = sent(site, REQUEST_METHOD="OPTIONS", **as_granian("*"))
    assert status == 204
    assert {"GET", "HEAD", "OPTIONS"} <= {each.strip() for each in headers["Allow"].split(",")}
    assert "Content-Type" not in headers
    assert sent(site, REQUEST_METHOD="GET", **as_granian("*"))[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/%61rticles/one",
        "/api/v1/articles/%6fne",
        "/api/v1/articles/%6Fne",
        "/api/v1/articles%2Fone",
        "/api/v1/articles%2fone",
        "/%61pi/v1/articles/one",
        "/api/v1/articles/one%2Ejson",
        "/api/v1/articles/%7Eone",
    ],
)
def test_a_needless_encoding_is_another_address(site: Service, path: str) -> None:
    for name in ("RAW_URI", "REQUEST_URI"):
        other = {"RAW_URI": None, "REQUEST_URI": None} | {name: path}
        assert sent(site, **other)[0] == 404
        assert sent(site, **(other | {name: f"{path}?limit=%31"}))[0] == 404
        assert sent(site, **(other | {name: ONE}))[0] == 200


def test_a_needless_encoding_in_the_query_is_read(site: Service) -> None:
    response = site.get("/api/v1/articles?limi%74=%31")
    assert response.status_code == 200
    assert response.get_json()["page"]["limit"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/articles/one",
        "///api/v1/articles/one",
        "/api/./v1/articles/one",
        "/api/v1/articles/one/",
        "/api/v1/../v1/site",
        "",
        "*",
    ],
)
def test_an_address_in_another_form_is_404(site: Service, path: str) -> None:
    status, headers = sent(site, **as_granian(path))
    assert (status, headers["Content-Type"]) == (404, PROBLEM)
    status, _ = sent(site, **as_granian(f"//{path}"))
    assert status == 404


def test_management_is_not_reached_by_another_form_of_its_address(site: Service) -> None:
    key = {"HTTP_AUTHORIZATION": f"Bearer {site.admin.key}"}
    assert sent(site, **as_granian("/api/v1/manage/site"), **key)[0] == 200
    for path in ("//api/v1/manage/site", "///api/v1/manage/site", "/api/v1//manage/site", "/api/v1/./manage/site"):
        status, headers = sent(site, **as_granian(path), **key)
        assert status == 404
        assert "hit" not in headers.get("Cache-Status", "")


def test_a_request_without_a_host_is_400(site: Service) -> None:
    for host in (
        None,
        "",
        " ",
        "127.0.0.1:8000,evil.example",
        "127.0.0.1:123456",
        "127.0.0.1 x",
        "[::1",
        "a@localhost",
    ):
        for protocol in ("HTTP/1.1", "HTTP/1.0"):
            status, headers = sent(site, HTTP_HOST=host, SERVER_PROTOCOL=protocol)
            assert (status, headers["Content-Type"]) == (400, PROBLEM), host


def test_an_address_too_long_is_414_in_whatever_way_the_server_tells(site: Service) -> None:
    long = "a" * 8000
    for variables in (
        {"QUERY_STRING": long, "RAW_URI": None, "REQUEST_URI": None},
        {"QUERY_STRING": long, "RAW_URI": f"{ONE}?{long}"},
        {"QUERY_STRING": long, "RAW_URI": None, "REQUEST_URI": f"{ONE}?{long}"},
    ):
        status, headers = sent(site, **variables)
        assert (status, headers["Content-Type"]) == (414, PROBLEM)


def test_a_preflight_needs_no_key_and_allows_what_frontends_send(site: Service) -> None:
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization, if-none-match"}
    response = site.request("OPTIONS", ONE, headers=ORIGIN | asks)
    assert (response.status_code, response.get_data()) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    allowed = {each.strip().lower() for each in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "if-none-match"} <= allowed
    assert "*" not in allowed, "It would not cover Authorization."
    assert int(response.headers["Access-Control-Max-Age"]) == 7200
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Cache-Status" not in response.headers


def test_a_script_of_another_origin_reads_every_useful_header_of_every_status(site: Service) -> None:
    tag = site.get(ONE).headers["ETag"]
    useful = {"Cache-Status", "Content-Language", "ETag", "Link", "Location", "Retry-After", "X-Request-Id"}
    for path, headers, status in (
        (ONE, {}, 200),
        (ONE, {"If-None-Match": tag}, 304),
        (ONE, {"Accept": "text/html"}, 406),
        (ONE, {"Host": "evil.example"}, 400),
        (f"{ONE}?a=1", {}, 400),
        ("/api/v1/articles/none", {}, 404),
        (f"{ONE}?{'a' * 8000}", {}, 414),
    ):
        response = site.get(path, headers=ORIGIN | headers)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "*", status
        assert useful <= {each.strip() for each in response.headers["Access-Control-Expose-Headers"].split(",")}


def test_management_may_not_be_read_by_a_script_of_another_origin(site: Service) -> None:
    for method, path in (("GET", "/api/v1/manage/site"), ("OPTIONS", "/api/v1/manage/articles")):
        response = site.admin.request(method, path, headers=ORIGIN | {"Access-Control-Request-Method": "PATCH"})
        assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize(
    "given",
    ["abc", "W/abc", '"abc', 'abc"', '"a" b', "*, x", '"*"', '"\\"', "\x01", '"a b"', "''", "W/", 'w/"a"', ",", "**"],
)
def test_a_malformed_if_none_match_counts_as_absent(site: Service, given: str) -> None:
    for path in (ONE, "/api/v1/openapi.json"):
        assert site.get(path, headers={"If-None-Match": given}).status_code == 200
        tag = site.get(path).headers["ETag"]
        if not given.startswith((",", '"*"', "*")):
            malformed = f"{tag}, {given}" if given != '"\\"' else f"{tag} x"
            assert site.get(path, headers={"If-None-Match": malformed}).status_code == 200, malformed


@pytest.mark.parametrize(
    "form", ["{}", "W/{}", '"a", {}', '{} , "b"', ", ,{},", '"a,b",W/{}', " {} ", '"",{}', "{0},{0}"]
)
def test_every_form_of_a_list_is_read(site: Service, form: str) -> None:
    for path in (ONE, "/api/v1/openapi.json"):
        tag = site.get(path).headers["ETag"]
        for method in ("GET", "HEAD"):
            response = site.request(method, path, headers={"If-None-Match": form.format(tag)})
            assert (response.status_code, response.get_data()) == (304, b"")
            assert response.headers["ETag"] == tag


def test_an_etag_is_no_date(site: Service) -> None:
    """Only entity tags are given out; a date that a client sends anyway does not stand for one."""
    response = site.get(ONE, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert response.status_code == 200
    assert not {"Last-Modified", "Expires", "Pragma", "Set-Cookie"} & set(dict(response.headers))
    assert "s-maxage" not in response.headers["Cache-Control"]
