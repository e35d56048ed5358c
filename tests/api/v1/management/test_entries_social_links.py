"""Social links as editors write them: a handle or any address of the profile, stored in one spelling."""

from typing import Any

import pytest

from tests.service import Service

PATH = "/api/v1/manage/social-links"


def faults(service: Service, **fields: Any) -> set[tuple[str, str]]:
    response = service.author.post(PATH, json=fields)
    assert response.status_code == 422, response.get_data(as_text=True)
    return {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}


def pair(entry: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return entry["platform"], entry["handle"], entry["url"]


CANONICAL = [
    ({"platform": "github", "handle": "@orla"}, ("github", "orla", "https://github.com/orla")),
    (
        {"platform": "github", "url": "http://www.github.com/orla/?tab=x#y"},
        ("github", "orla", "https://github.com/orla"),
    ),
    ({"platform": "github", "url": "github.com/orla"}, ("github", "orla", "https://github.com/orla")),
    (
        {"platform": "mastodon", "handle": "@harbour@bookbinders.example"},
        ("mastodon", "harbour@bookbinders.example", "https://bookbinders.example/@harbour"),
    ),
]


@pytest.mark.parametrize(("given", "expected"), CANONICAL)
def test_a_handle_or_an_address_becomes_the_canonical_profile(
    service: Service, given: dict[str, str], expected: tuple[str, str, str]
) -> None:
    entry = service.editor.create_published("social-links", **given)
    assert pair(entry) == expected
    delivered = service.get(f"/api/v1/social-links/{entry['id']}").get_json()["data"]
    assert pair(delivered) == expected


def test_an_address_of_another_host_is_refused(service: Service) -> None:
    assert {each[0] for each in faults(service, platform="github", url="https://gitlab.com/orla")} == {"#/url"}
    assert {each[0] for each in faults(service, platform="github", url="https://github.com.evil.example/orla")} == {
        "#/url"
    }


def test_a_profile_needs_a_handle_or_an_address(service: Service) -> None:
    assert faults(service, platform="github") != set()
    assert faults(service, platform="other", handle="orla") != set()
    for platform in ("no-such-place", "GitHub", " github", "__class__"):
        assert {each[0] for each in faults(service, platform=platform, handle="x")} == {"#/platform"}, platform


def test_faults_of_the_profile_and_of_the_owner_come_at_once(service: Service) -> None:
    found = faults(service, platform="github", url="https://gitlab.com/orla", author="nobody", locale="fr")
    assert {each[0] for each in found} == {"#/url", "#/author", "#/locale"}


def test_the_platform_other_takes_any_address(service: Service) -> None:
    entry = service.editor.create_published("social-links", platform="other", url="https://forum.example/u/7?tab=posts")
    assert pair(entry) == ("other", None, "https://forum.example/u/7?tab=posts")
    for url in ("javascript:alert(1)", "ftp://a.example/x", "/path", "https://me:secret@a.example/"):
        assert {each[0] for each in faults(service, platform="other", url=url)} == {"#/url"}, url


def test_the_owner_is_an_author_or_the_site(service: Service) -> None:
    author = service.editor.create_published("authors", slug="orla")
    own = service.editor.create_published("social-links", platform="github", handle="orla", author="orla")
    sites = service.editor.create_published("social-links", platform="github", handle="harbour")
    assert (own["author"], sites["author"]) == (author["id"], None)
    delivered = service.get(f"/api/v1/social-links/{own['id']}").get_json()["data"]
    assert delivered["owner"] == {"type": "author", "id": author["id"]}
    delivered = service.get(f"/api/v1/social-links/{sites['id']}").get_json()["data"]
    assert delivered["owner"] == {"type": "site", "id": None}
    assert service.editor.change("social-links", own, author=None)["author"] is None
    assert faults(service, platform="github", handle="x", author="nobody") == {("#/author", "unknown_reference")}
    tag = service.editor.create("tags")
    assert faults(service, platform="github", handle="x", author=tag["id"]) == {("#/author", "wrong_type")}


def test_a_patch_of_the_handle_moves_the_address(service: Service) -> None:
    entry = service.author.create("social-links", platform="github", handle="orla")
    assert pair(service.author.change("social-links", entry, handle="mads")) == (
        "github",
        "mads",
        "https://github.com/mads",
    )


def test_a_patch_of_the_address_moves_the_handle(service: Service) -> None:
    entry = service.author.create("social-links", platform="github", handle="orla")
    changed = service.author.change("social-links", entry, url="https://www.github.com/mads/")
    assert pair(changed) == ("github", "mads", "https://github.com/mads")


def test_a_patch_of_the_platform_keeps_the_handle(service: Service) -> None:
    entry = service.author.create("social-links", platform="github", handle="orla")
    changed = service.author.change("social-links", entry, platform="codeberg")
    assert pair(changed) == ("codeberg", "orla", "https://codeberg.org/orla")


def test_a_patch_of_platform_and_address_together_is_taken_as_given(service: Service) -> None:
    entry = service.author.create("social-links", platform="github", handle="orla")
    changed = service.author.change("social-links", entry, platform="other", url="https://forum.example/u/7")
    assert changed["platform"] == "other"
    assert changed["url"] == "https://forum.example/u/7"


def test_a_patch_with_another_spelling_of_the_same_profile_changes_nothing(service: Service) -> None:
    entry = service.author.create("social-links", platform="github", handle="orla")
    for fields in ({"handle": "@orla"}, {"url": "http://github.com/orla/"}, {"platform": "github"}, {"label": None}):
        assert service.author.change("social-links", entry, **fields) == entry, fields


def test_the_label_is_the_platforms_until_one_is_written(service: Service) -> None:
    entry = service.editor.create_published("social-links", platform="github", handle="orla")
    path = f"/api/v1/social-links/{entry['id']}"
    assert entry["label"] is None
    assert service.get(path).get_json()["data"]["label"] == "GitHub"
    service.editor.change("social-links", entry, label="Our code")
    service.editor.publish("social-links", entry)
    assert service.get(path).get_json()["data"]["label"] == "Our code"
