"""``If-Match`` on reads: a client that wants only what it knows is not sent anything else (RFC 9110, 13.1.1)."""

import pytest

from tests.service import Caller, Service

ONE = "/api/v1/articles/one"
LIST = "/api/v1/articles"
PUBLIC = (
    *(ONE, f"{ONE}?fields=title", LIST, "/api/v1/site", "/feeds/articles.rss", "/robots.txt"),
    *("/api", "/docs", "/docs/problems/conflict"),
)


@pytest.fixture
def site(service: Service) -> Service:
    """A service with an article."""
    service.editor.create_published("articles", slug="one")
    return service


def read(
    caller: Service | Caller, path: str, given: str, method: str = "GET", **headers: str
) -> tuple[int, str | None]:
    """The status of the answer, and its tag."""
    response = caller.request(method, path, headers={"If-Match": given} | headers)
    if response.status_code == 412:
        assert response.content_type == "application/problem+json"
        assert "no-store" in response.headers["Cache-Control"]
        assert method == "HEAD" or response.get_json()["type"].endswith("/precondition-failed")
    return response.status_code, response.headers.get("ETag")


@pytest.mark.parametrize("path", PUBLIC)
def test_an_answer_of_delivery_comes_only_as_the_client_knows_it(site: Service, path: str) -> None:
    for _kept in (False, True):
        tag = site.get(path).headers["ETag"]
        for method in ("GET", "HEAD"):
            for given in (tag, f'"other", {tag}', "*", f'{tag[:-1]}-gzip"'):
                assert read(site, path, given, method) == (200, tag), given
            for given in ('"other"', f"W/{tag}", '"other", "more"', '""', "nothing of the sort", f'{tag[:-1]}:other"'):
                assert read(site, path, given, method) == (412, tag), given


def test_what_is_compressed_is_known_by_the_tag_of_its_coding(site: Service) -> None:
    site.editor.create_published("articles", slug="long", body="A long text. " * 200)
    path = "/api/v1/articles/long"
    coded = site.get(path, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert coded.endswith('-gzip"')
    assert read(site, path, coded, **{"Accept-Encoding": "gzip"}) == (200, coded)
    assert read(site, path, '"other"', **{"Accept-Encoding": "gzip"})[0] == 412


def test_it_comes_before_if_none_match_and_after_everything_else(site: Service) -> None:
    tag = site.get(ONE).headers["ETag"]
    assert read(site, ONE, tag, **{"If-None-Match": tag}) == (304, tag)
    assert read(site, ONE, '"other"', **{"If-None-Match": tag}) == (412, tag)
    assert read(site, "/api/v1/articles/none", '"other"')[0] == 404
    assert read(site, f"{LIST}?limit=0", '"other"')[0] == 400
    assert read(site, ONE, '"other"', Accept="text/csv")[0] == 406
    assert read(site, "/api/v1/manage/articles", '"other"')[0] == 401


def test_a_kept_answer_is_not_replaced_by_a_refusal(site: Service) -> None:
    for _ in range(2):
        assert site.get(ONE).status_code == 200
        assert read(site, ONE, '"other"')[0] == 412
    assert "hit" in site.get(ONE).headers["Cache-Status"]


def test_a_sitemap_has_no_tag_that_could_match(site: Service) -> None:
    tag = site.get("/sitemap.xml").headers["ETag"]
    assert read(site, "/sitemap.xml", "*") == (200, tag)
    assert read(site, "/sitemap.xml", tag) == (412, tag)
    assert read(site, "/sitemap.xml", tag.removeprefix("W/")) == (412, tag)
    for held in (tag, "*"):
        assert read(site, "/sitemap.xml", '"other"', **{"If-None-Match": held})[0] == 412
        assert read(site, "/sitemap.xml", "*", **{"If-None-Match": held})[0] == 304


def test_management_and_preview_hold_back_what_has_changed_too(site: Service) -> None:
    editor = site.editor
    entry = editor.create("articles")
    path = f"/api/v1/manage/articles/{entry['id']}"
    before = editor.get(path).headers["ETag"]
    assert read(editor, path, before) == (200, before)
    editor.change("articles", entry, title="Another")
    now = editor.get(path).headers["ETag"]
    assert read(editor, path, before) == (412, now)
    assert read(editor, path, now) == (200, now)
    # A list has no tag: there is nothing to compare.
    assert read(editor, "/api/v1/manage/articles", now) == (200, None)
    assert read(editor, path.replace("manage", "preview"), now) == (200, None)
