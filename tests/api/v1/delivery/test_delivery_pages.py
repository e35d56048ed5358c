"""Pages: a walk sees every item that existed throughout exactly once, in order, and a cursor is good for that walk."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from tests.service import Service

PUBLIC_URL = "http://127.0.0.1:8000"
Key = Callable[[dict[str, Any]], Any]

SORTS: dict[str, dict[str, Key]] = {
    "articles": {
        "-published_at": lambda each: each["published_at"],
        "published_at": lambda each: each["published_at"],
        "title": lambda each: each["title"],
        "-updated_at": lambda each: each["updated_at"],
    },
    "faqs": {
        "position": lambda each: each["position"],
        "question": lambda each: each["question"],
        "-updated_at": lambda each: each["updated_at"],
    },
    "authors": {"name": lambda each: each["name"], "-updated_at": lambda each: each["updated_at"]},
    "social-links": {"position": lambda each: each["position"], "platform": lambda each: each["platform"]},
    "tags": {"name": lambda each: each["name"], "-article_count": lambda each: each["article_count"]},
}


def numbered(plural: str, number: int) -> dict[str, Any]:
    """The fields of an entry whose sort keys three or four others share."""
    letter = "cadb"[number % 4]
    platform, prefix, server = (
        ("github", "", ""),
        ("mastodon", "@", "@bookbinders.example"),
        ("linkedin", "", ""),
    )[number % 3]
    fields: dict[str, dict[str, Any]] = {
        "articles": {"title": f"title {letter}", "published_at": f"2020-03-0{number % 3 + 1}T08:00:00Z"},
        "faqs": {"question": f"question {letter}?", "position": (number * 7) % 4 - 1},
        "authors": {"name": f"name {letter}"},
        "social-links": {"platform": platform, "handle": f"{prefix}crew{number}{server}", "position": number % 4},
        "tags": {"name": f"tag {letter}"},
    }
    return fields[plural]


def published_at_once(service: Service, plural: str, count: int) -> list[str]:
    """That many entries, published so that groups of four go live in the same millisecond, within the next hour."""
    start = clock.now() + timedelta(minutes=1)
    made = []
    for number in range(count):
        entry = service.editor.create(plural, **numbered(plural, number))
        moment = start + timedelta(minutes=number // 4)
        service.editor.publish(plural, entry, live_from=clock.to_wire(moment))
        made.append(entry["id"])
    return made


def pages(service: Service, path: str) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, by ``links.next``; checks what each says of itself."""
    following: str | None = path
    while following is not None:
        response = service.get(following)
        assert response.status_code == 200, response.get_data(as_text=True)
        document = response.get_json()
        yield document["data"]
        following = document["links"]["next"]
        assert (document["page"]["next"] is None) == (following is None)
        if following is not None:
            assert following.startswith(f"{PUBLIC_URL}/api/v1/")
            following = following.removeprefix(PUBLIC_URL)


def walked(service: Service, path: str) -> list[dict[str, Any]]:
    return [each for page in pages(service, path) for each in page]


def in_order(entries: list[dict[str, Any]], sort: str, key: Key) -> list[str]:
    """The ids as the sort says: ties by id, both the other way round where it descends."""
    ordered = sorted(entries, key=lambda each: (key(each), each["id"]), reverse=sort.startswith("-"))
    return [each["id"] for each in ordered]


@pytest.mark.parametrize("plural", SORTS)
def test_every_sort_walks_every_entry_once_and_in_order(service: Service, plural: str) -> None:
    made = published_at_once(service, plural, 13)
    if plural == "tags":
        for number in range(6):
            service.editor.create_published("articles", tags=[made[number], made[number // 2 + 6]])
    with clock.moved(timedelta(hours=1)):
        everything = service.get(f"/api/v1/{plural}?limit=100").get_json()["data"]
        assert {each["id"] for each in everything} == set(made)
        for sort, key in SORTS[plural].items():
            assert 1 < len({key(each) for each in everything}) < 13, f"{sort} has no ties to break"
            found = walked(service, f"/api/v1/{plural}?sort={sort}&limit=3")
            assert [each["id"] for each in found] == in_order(everything, sort, key), sort
        default = walked(service, f"/api/v1/{plural}?limit=5")
        first = next(iter(SORTS[plural]))
        assert [each["id"] for each in default] == in_order(everything, first, SORTS[plural][first])


# What a tag is counted by changes as articles come and go, so nobody's place in that order exists throughout.
STEADY = [(plural, sort) for plural in SORTS for sort in SORTS[plural] if sort != "-article_count"]


@pytest.mark.parametrize(("plural", "sort"), STEADY)
def test_what_existed_throughout_comes_once_while_others_come_and_go(service: Service, plural: str, sort: str) -> None:
    made = published_at_once(service, plural, 12)
    with clock.moved(timedelta(hours=1)):
        before = in_order(walked(service, f"/api/v1/{plural}?limit=100"), sort, SORTS[plural][sort])
        leaving = {before[1], before[4], before[10]}
        seen: list[str] = []
        for number, page in enumerate(pages(service, f"/api/v1/{plural}?sort={sort}&limit=3")):
            seen += [each["id"] for each in page]
            if number == 0:
                for entry in leaving:
                    service.editor.unpublish(plural, entry)
            if number < 4:
                service.editor.create_published(plural, **numbered(plural, 20 + number))
        stayed = [each for each in before if each not in leaving]
        assert [each for each in seen if each in stayed] == stayed
        assert len(seen) == len(set(seen))
        assert set(made) == set(before)


def test_a_walk_of_one_tag_or_author_is_in_order_too(service: Service) -> None:
    tag, author = service.editor.create_published("tags"), service.editor.create_published("authors")
    for number in range(11):
        fields = numbered("articles", number) | {"tags": [tag["id"]], "authors": [author["id"]]}
        service.editor.create_published("articles", **fields)
        service.editor.create_published("articles", **numbered("articles", number))
    for query in (f"tag={tag['id']}", f"author={author['slug']}", f"tag={tag['slug']}&author={author['id']}"):
        for sort, key in SORTS["articles"].items():
            found = walked(service, f"/api/v1/articles?{query}&sort={sort}&limit=3")
            assert len(found) == 11
            assert [each["id"] for each in found] == in_order(found, sort, key)


def test_titles_are_ordered_without_regard_to_case_and_accents(service: Service) -> None:
    for title in ("Zinc", "école", "apple", "Ecole b", "Banana", "éclair"):
        service.editor.create_published("articles", title=title)
    found = walked(service, "/api/v1/articles?sort=title&limit=2")
    assert [each["title"] for each in found] == ["apple", "Banana", "éclair", "école", "Ecole b", "Zinc"]


def test_the_link_header_says_what_links_say(service: Service) -> None:
    for _ in range(5):
        service.editor.create_published("tags")
    first = service.get("/api/v1/tags?limit=2&sort=name&fields=name")
    document = first.get_json()
    links = {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', first.headers["Link"])}
    assert links["next"] == document["links"]["next"]
    assert document["page"]["next"] in document["links"]["next"]
    assert document["links"]["self"] == f"{PUBLIC_URL}/api/v1/tags?fields=name&limit=2&sort=name"
    assert document["page"] == {"limit": 2, "next": document["page"]["next"]}
    second = service.get(links["next"].removeprefix(PUBLIC_URL))
    assert second.get_json()["links"]["self"].count("cursor=") == 1
    last = service.get(second.get_json()["links"]["next"].removeprefix(PUBLIC_URL))
    assert len(last.get_json()["data"]) == 1
    assert (last.get_json()["page"]["next"], last.get_json()["links"]["next"]) == (None, None)
    assert 'rel="next"' not in last.headers.get("Link", "")
    assert service.get(links["first"].removeprefix(PUBLIC_URL)).get_data() == first.get_data()


def test_a_full_last_page_has_no_next(service: Service) -> None:
    for _ in range(4):
        service.editor.create_published("tags")
    assert [len(page) for page in pages(service, "/api/v1/tags?limit=2")] == [2, 2]
    assert [len(page) for page in pages(service, "/api/v1/faqs?limit=2")] == [0]


def test_the_total_comes_on_request_and_counts_what_matches(service: Service) -> None:
    tag = service.editor.create_published("tags")
    for number in range(7):
        service.editor.create_published("articles", tags=[tag["id"]] if number < 5 else [])
    assert "total" not in service.get("/api/v1/articles").get_json()["page"]
    for query, total in (("", 7), (f"&tag={tag['id']}", 5), ("&tag=no-such", 0), ("&featured=true", 0)):
        path = f"/api/v1/articles?include_total=true&limit=2{query}"
        while path:
            document = service.get(path).get_json()
            assert document["page"]["total"] == total
            path = (document["links"]["next"] or "").removeprefix(PUBLIC_URL)


def test_a_limit_out_of_bounds_is_400(service: Service) -> None:
    fullwidth = "\N{FULLWIDTH DIGIT ONE}"
    for limit in ("0", "101", "-1", "abc", fullwidth, "1e2", "1.0", "", " 1", "0x10", "99999999999999999999"):
        response = service.get("/api/v1/articles", query_string={"limit": limit})
        assert response.status_code == 400, limit
        (fault,) = response.get_json()["errors"]
        assert fault["parameter"] == "limit"
    for limit in ("1", "100"):
        assert service.get(f"/api/v1/articles?limit={limit}").status_code == 200


@pytest.mark.parametrize("order", [1, -1])
def test_a_walk_goes_on_in_whichever_order_the_values_of_a_filter_stand(service: Service, order: int) -> None:
    slugs = ["paper", "binding", "repair"][::order]
    for slug in slugs:
        service.editor.create_published("tags", slug=slug)
        for _ in range(2):
            service.editor.create_published("articles", tags=[slug])
    named = "&".join(f"tag={slug}" for slug in slugs)
    assert len(walked(service, f"/api/v1/articles?{named}&limit=2")) == 6
    assert len(walked(service, f"/api/v1/articles?limit=5&{named}&tag={slugs[0]}")) == 6
    ids = [each["id"] for each in walked(service, "/api/v1/articles")][::order]
    assert len(walked(service, f"/api/v1/articles?limit=1&{'&'.join(f'id={each}' for each in ids)}")) == 6


def test_a_cursor_keeps_its_place_within_the_bounds_of_a_filter(service: Service) -> None:
    for hour in range(8):
        service.editor.create_published("articles", title=f"{hour}", published_at=f"2020-03-03T0{hour}:00:00Z")
    bounds = "published_at__gt=2020-03-03T00:00:00Z&published_at__lte=2020-03-03T06:00:00Z"
    for sort, expected in (("-published_at", "654321"), ("published_at", "123456"), ("title", "123456")):
        found = walked(service, f"/api/v1/articles?{bounds}&sort={sort}&limit=2")
        assert "".join(each["title"] for each in found) == expected
        found = walked(service, f"/api/v1/articles?{bounds}&published_at__ne=2020-03-03T03:00:00Z&sort={sort}&limit=1")
        assert "".join(each["title"] for each in found) == expected.replace("3", "")


def test_a_cursor_is_good_for_its_own_walk_alone(service: Service) -> None:
    for plural in ("articles", "tags"):
        for _ in range(4):
            service.editor.create_published(plural)
    cursor = service.get("/api/v1/articles?limit=2").get_json()["page"]["next"]
    good = service.get(f"/api/v1/articles?limit=3&fields=title&include_total=true&cursor={cursor}")
    assert (good.status_code, len(good.get_json()["data"])) == (200, 2)
    payload, _, signature = cursor.rpartition(".")
    swapped = "B" if payload[3] != "B" else "C"
    others = [
        f"articles?sort=title&cursor={cursor}",
        f"articles?sort=published_at&cursor={cursor}",
        f"articles?featured=false&cursor={cursor}",
        f"articles?published_at__gte=2020-01-01T00:00:00Z&cursor={cursor}",
        f"articles?locale=en&cursor={cursor}",
        f"articles?cursor={cursor}&cursor={cursor}",
        f"tags?cursor={cursor}",
        f"articles?cursor={payload[:3]}{swapped}{payload[4:]}.{signature}",
        f"articles?cursor={payload}.{signature[:-4]}AAAA",
        f"articles?cursor={payload}",
        f"articles?cursor={cursor}x",
        "articles?cursor=abc",
        "articles?cursor=",
        "articles?cursor=%C3%A9.%00",
        f"articles?cursor={'a' * 3000}",
    ]
    for path in others:
        response = service.get(f"/api/v1/{path}")
        assert response.status_code == 400, path
        (fault,) = response.get_json()["errors"]
        assert fault["parameter"] == "cursor"


def test_a_page_of_very_long_texts_ends_early_and_leads_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cms.api.v1.delivery.entries.TEXTS_AT_MOST", 20_000)
    body = "Paste, *warm* or cold. " * 90
    made = {service.editor.create_published("articles", body=f"{number} {body}")["id"] for number in range(12)}
    path, walked, pages = "/api/v1/articles?limit=100&fields=body&formats=html,text&include_total=true", [], 0
    while path:
        response = service.get(path)
        assert len(response.get_data()) < 30_000
        document = response.get_json()
        assert document["page"]["total"] == 12
        walked += [each["id"] for each in document["data"]]
        path, pages = document["links"]["next"], pages + 1
    assert (len(walked), set(walked)) == (12, made)
    assert pages > 1
    assert len(service.get("/api/v1/articles?limit=100&fields=title").get_json()["data"]) == 12
