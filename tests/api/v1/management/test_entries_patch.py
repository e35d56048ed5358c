"""PATCH: JSON Merge Patch (RFC 7396) over what was written, and nothing else."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms.content.editing.model import DraftTable, Entry
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)
MERGE_PATCH = "application/merge-patch+json"

# RFC 7396, appendix A: original, patch, result.
APPENDIX_A: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


def patch(service: Service, plural: str, entry: dict[str, Any], document: Any) -> TestResponse:
    """Written by hand: the test client takes ``json=None`` for no body at all."""
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    return service.author.patch(path, data=json.dumps(document), if_match=entry["etag"])


def test_every_case_of_the_standards_appendix_holds_within_extra(service: Service) -> None:
    entry = service.author.create("tags", name="Paper")
    for original, change, result in APPENDIX_A:
        before = service.author.change("tags", entry, extra={"case": None})
        # PUT keeps a null that stands inside the original; a patch would take it away.
        body = {"name": "Paper", "extra": {"case": original}}
        response = service.author.put(f"/api/v1/manage/tags/{entry['id']}", json=body, if_match=before["etag"])
        assert response.status_code == 200
        response = patch(service, "tags", response.get_json()["data"], {"extra": {"case": change}})
        assert response.status_code == 200
        expected = {} if result is None else {"case": result}
        assert response.get_json()["data"]["extra"] == expected, (original, change)


def test_cases_with_an_object_on_top_hold_for_the_whole_of_extra(service: Service) -> None:
    for original, change, result in APPENDIX_A:
        if isinstance(original, dict) and isinstance(change, dict):
            entry = service.author.create("tags", extra=original)
            response = patch(service, "tags", entry, {"extra": change})
            assert response.get_json()["data"]["extra"] == result, (original, change)


def test_null_takes_the_whole_of_extra_back_to_empty(service: Service) -> None:
    entry = service.author.create("tags", extra={"a": 1})
    assert patch(service, "tags", entry, {"extra": None}).get_json()["data"]["extra"] == {}


OPTIONAL: dict[str, dict[str, Any]] = {
    "articles": {
        "subtitle": "What happens first",
        "summary": "Paste and tea.",
        "body": {"format": "markdown", "source": "Hello"},
        "published_at": "2026-03-03T08:00:00.000Z",
        "featured": True,
        "hero_image": {"url": "/media/bench.jpg", "alt": "A bench", "width": 10, "height": 20},
        "calls_to_action": [{"label": "Visit", "url": "/visit", "style": "link"}],
        "seo": {"title": "T", "description": "D", "canonical_url": None, "noindex": True, "image": None},
    },
    "faqs": {"position": 4},
    "authors": {
        "honorific_prefix": "Dr",
        "credentials": "MA",
        "job_title": "Bookbinder",
        "bio": {"format": "html", "source": "<p>Hello</p>"},
        "avatar": {"url": "/media/orla.jpg", "alt": "", "width": None, "height": None},
        "website": "https://orla.example/",
    },
    "social-links": {"label": "Our page", "position": 3},
    "tags": {"description": "About paper."},
}


@EACH
def test_null_takes_each_optional_field_back_to_empty(service: Service, plural: str) -> None:
    empty = service.author.create(plural)
    entry = service.author.create(plural, **OPTIONAL[plural])
    for name, value in OPTIONAL[plural].items():
        assert entry[name] == value
        entry = service.author.change(plural, entry, **{name: None})
        assert entry[name] == empty[name], name


@EACH
def test_a_patch_changes_the_named_field_and_leaves_the_others(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    for version, (name, value) in enumerate(OPTIONAL[plural].items(), start=2):
        changed = service.author.change(plural, entry, **{name: value})
        expected = entry | {
            name: value,
            "version": version,
            "etag": changed["etag"],
            "updated_at": changed["updated_at"],
        }
        assert changed == expected
        assert changed["etag"] != entry["etag"]
        entry = changed


def test_arrays_are_replaced_whole(service: Service) -> None:
    calls = [{"label": "One", "url": "/1", "style": "link"}, {"label": "Two", "url": "/2", "style": "primary"}]
    entry = service.author.create("articles", calls_to_action=calls)
    third = {"label": "Three", "url": "/3"}
    changed = service.author.change("articles", entry, calls_to_action=[third])
    assert changed["calls_to_action"] == [third | {"style": "primary"}]
    assert service.author.change("articles", entry, calls_to_action=[])["calls_to_action"] == []


def test_objects_are_merged(service: Service) -> None:
    entry = service.author.create("articles", seo={"title": "T", "description": "D"})
    seo = service.author.change("articles", entry, seo={"description": None, "noindex": True})["seo"]
    assert seo == {"title": "T", "description": None, "canonical_url": None, "noindex": True, "image": None}


@EACH
def test_a_patch_of_nothing_writes_nothing(service: Service, plural: str) -> None:
    entry = service.author.create(plural, **OPTIONAL[plural])
    own = {name: entry[name] for name in ("locale", "extra", *OPTIONAL[plural]) if entry[name] is not None}
    for document in ({}, own, {"note": "Only a note."}):
        response = patch(service, plural, entry, document)
        assert response.status_code == 200, response.get_data(as_text=True)
        assert response.get_json()["data"] == entry, document
        assert response.headers["ETag"] == entry["etag"]
    history = service.author.get(f"/api/v1/manage/{plural}/{entry['id']}/revisions").get_json()["data"]
    assert [each["number"] for each in history] == [1]


def test_extra_whose_names_only_change_their_order_is_delivered_in_one_of_them(service: Service) -> None:
    entry = service.author.create("tags", extra={"a": 1, "b": 2})
    changed = service.author.change("tags", entry, extra={"b": 2, "a": 1})
    assert changed["extra"] == {"a": 1, "b": 2}
    assert changed["etag"] == entry["etag"]


@EACH
def test_what_is_read_only_or_unknown_is_refused_by_name(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    kind = next(each for each in service.services.types.values() if each.plural == plural)
    known = set(kind.model.__table__.columns.keys()) - set(entry)
    columns = set(Entry.__table__.columns.keys()) | known | set(DraftTable.__annotations__)
    writable = {"slug", "locale", "translation_of", "extra", "note", *kind.columns}
    writable |= {each.field for each in kind.references}
    delivered = set(service.services.fields[kind.name])
    names = (set(entry) | columns | delivered | {"colour", "Title", "__class__", "data"}) - writable
    assert {"id", "type", "version", "status", "etag", "created_at", "created_by", "changed", "entry_id"} <= names
    for method in ("PATCH", "PUT", "POST"):
        given = {name: entry.get(name, 1) for name in sorted(names)}
        path = f"/api/v1/manage/{plural}" + ("" if method == "POST" else f"/{entry['id']}")
        content_type = MERGE_PATCH if method == "PATCH" else "application/json"
        given = {name: 1 if value is None else value for name, value in given.items()}
        headers = {"If-Match": entry["etag"]}
        response = service.admin.request(
            method, path, data=json.dumps(given), content_type=content_type, headers=headers
        )
        assert response.status_code == 422
        unknown = {each["pointer"] for each in response.get_json()["errors"] if each["code"] == "unknown_field"}
        assert unknown == {f"#/{name}" for name in names}, method
    # A creation under an id of one's own, and a batch.
    new = f"/{plural}/0199c0de-0000-7000-8000-000000000001"
    creation = {"method": "PUT", "path": new, "headers": {"If-None-Match": "*"}, "body": given}
    for response, below in (
        (service.admin.put(f"/api/v1/manage{new}", json=given, headers={"If-None-Match": "*"}), "#"),
        (service.admin.post("/api/v1/manage/batch", json={"operations": [creation]}), "#/operations/0/body"),
    ):
        assert response.status_code == 422
        unknown = {each["pointer"] for each in response.get_json()["errors"] if each["code"] == "unknown_field"}
        assert unknown == {f"{below}/{name}" for name in names}
    assert service.admin.get(f"/api/v1/manage{new}").status_code == 404
    assert service.author.read(plural, entry) == entry


def test_a_field_that_is_named_as_the_library_names_the_whole_is_a_field_like_any(service: Service) -> None:
    response = service.author.post("/api/v1/manage/tags", json={"name": "Paper", "_schema": 1})
    assert response.status_code == 422
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/_schema"]


@EACH
def test_a_faulty_patch_changes_nothing_of_what_is_good_in_it(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    response = patch(service, plural, entry, {"extra": {"a": 1}, "locale": "xx", "slug": 7})
    assert response.status_code == 422
    assert service.author.read(plural, entry) == entry


@EACH
def test_a_patch_that_is_no_object_is_refused(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    for document in ([], "text", 1, None, True, [{"op": "remove", "path": "/extra"}]):
        assert patch(service, plural, entry, document).status_code == 422, document
    assert service.author.read(plural, entry) == entry


@EACH
def test_required_fields_cannot_be_taken_away(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    required = {"articles": "title", "faqs": "answer", "authors": "name", "social-links": "platform", "tags": "name"}
    response = patch(service, plural, entry, {required[plural]: None})
    assert response.status_code == 422
    assert [each["pointer"] for each in response.get_json()["errors"]] == [f"#/{required[plural]}"]


@EACH
def test_patch_reads_merge_patches_only_and_says_so(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    for content_type in ("application/json", "application/json-patch+json", "text/plain", ""):
        response = service.author.patch(path, data="{}", content_type=content_type, if_match=entry["etag"])
        assert response.status_code == 415, content_type
        assert response.headers["Accept-Patch"] == MERGE_PATCH
        assert response.content_type == "application/problem+json"
    options = service.request("OPTIONS", path)
    assert options.headers["Accept-Patch"] == MERGE_PATCH
    assert options.headers["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


def test_a_null_for_what_does_not_exist_is_a_fault_as_any_other_value(service: Service) -> None:
    entry = service.author.create("articles", summary="Kept")
    response = patch(service, "articles", entry, {"sumary": None, "title": 5, "id": None, "seo": {"titel": None}})
    assert response.status_code == 422
    assert {(each["pointer"], each["code"]) for each in response.get_json()["errors"]} == {
        ("#/sumary", "unknown_field"),
        ("#/title", "invalid_type"),
        ("#/id", "unknown_field"),
        ("#/seo/titel", "unknown_field"),
    }
    near = {each["pointer"]: each.get("did_you_mean") for each in response.get_json()["errors"]}
    assert near["#/sumary"] == "summary"
    response = service.admin.patch("/api/v1/manage/site", json={"colour": None, "logo": {"wdth": None}}, if_match="*")
    assert response.status_code == 422
    assert {"#/colour", "#/logo/wdth"} < {each["pointer"] for each in response.get_json()["errors"]}
    assert service.author.read("articles", entry) == entry


SOURCES = [
    "",
    " ",
    "\n\n# Heading\r\n\r\ntext\twith\ttabs  \n  two spaces at the end  ",
    "<script>alert(1)</script><p onclick='x'>kept as written</p>",
    "e\u0301 is not \u00e9; \u200b\u202e\ufeff and 👩🏽‍🚀",
    'quotes " \\ \\n and {{ braces }} &amp; &lt;',
    "a\x01b\x7fc",
]


def test_a_source_comes_back_byte_for_byte(service: Service) -> None:
    for plural, field in (("articles", "body"), ("faqs", "answer"), ("authors", "bio")):
        entry = service.author.create(plural)
        for source in SOURCES:
            for form in ("markdown", "html"):
                changed = service.author.change(plural, entry, **{field: {"format": form, "source": source}})
                assert changed[field] == {"format": form, "source": source}
                assert service.author.read(plural, entry)[field] == {"format": form, "source": source}
            bare = service.author.change(plural, entry, **{field: source})
            assert bare[field] == {"format": "markdown", "source": source}
