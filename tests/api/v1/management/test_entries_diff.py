"""What differs between two saved states: the ends named, a patch that leads from one to the other, and the words."""

import uuid
from typing import Any

import jsonpatch
import pytest

from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")


def diff(service: Service, plural: str, entry: dict[str, Any], **query: Any) -> dict[str, Any]:
    response = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/diff", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    data: dict[str, Any] = response.get_json()["data"]
    return data


def words(found: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {each["pointer"]: [(run["op"], run["text"]) for run in each["runs"]] for each in found["texts"]}


def test_the_draft_is_compared_with_what_is_live_unless_said_otherwise(service: Service) -> None:
    entry = service.editor.create_published(
        "articles", title="A quiet morning", body="Paste and **paper**.", note="One"
    )
    service.editor.change("articles", entry, title="A loud morning", body="Glue and **paper**.", note="Two")
    found = diff(service, "articles", entry)
    assert (found["from"]["number"], found["from"]["note"]) == (1, "One")
    assert (found["to"]["number"], found["to"]["note"]) == (2, "Two")
    assert found["to"]["created_by"]["name"].startswith("Key ")
    assert found["patch"] == [
        {"op": "replace", "path": "/title", "value": "A loud morning"},
        {"op": "replace", "path": "/body/source", "value": "Glue and **paper**."},
    ]
    assert words(found) == {
        "#/title": [("equal", "A "), ("delete", "quiet"), ("insert", "loud"), ("equal", " morning")],
        "#/body": [("delete", "Paste"), ("insert", "Glue"), ("equal", " and paper.")],
        "#/body/source": [("delete", "Paste"), ("insert", "Glue"), ("equal", " and **paper**.")],
    }


@pytest.mark.parametrize("plural", PLURALS)
def test_the_patch_makes_one_revision_of_another_whichever_two_they_are(service: Service, plural: str) -> None:
    entry = service.editor.create(plural, extra={"n": 1})
    service.editor.change(plural, entry, extra={"n": 2, "deep": [{"a": 1}, {"b": 2}]})
    service.editor.publish(plural, entry)
    service.editor.change(plural, entry, extra={"deep": [{"b": 2}]})
    path = f"/api/v1/manage/{plural}/{entry['id']}/revisions"
    contents = [service.viewer.get(f"{path}/{n}").get_json()["data"]["content"] for n in (1, 2, 3)]
    for old, new in ((1, 3), (3, 1), (2, 2), ("live", 1), (3, "live"), ("draft", "live")):
        found = diff(service, plural, entry, **{"from": old, "to": new})
        before, after = (contents[int({"live": 2, "draft": 3}.get(str(each), each)) - 1] for each in (old, new))
        assert jsonpatch.apply_patch(before, found["patch"]) == after
        assert (found["patch"] == []) == (before == after)
        assert found["texts"] == []


def test_texts_within_groups_and_lists_are_compared_too_and_what_is_no_text_is_not(service: Service) -> None:
    entry = service.editor.create(
        "articles",
        slug="one",
        seo={"title": "Old head"},
        calls_to_action=[{"label": "Call us", "url": "/a"}, {"label": "Gone", "url": "/b"}],
    )
    service.editor.change(
        "articles",
        entry,
        slug="two",
        summary="New.",
        body={"format": "html", "source": "<p>Hello</p>"},
        seo={"title": "New head"},
        calls_to_action=[{"label": "Call me", "url": "/c"}],
    )
    assert words(diff(service, "articles", entry, **{"from": "1"})) == {
        "#/summary": [("insert", "New.")],
        "#/seo/title": [("delete", "Old"), ("insert", "New"), ("equal", " head")],
        "#/calls_to_action/0/label": [("equal", "Call "), ("delete", "us"), ("insert", "me")],
        "#/calls_to_action/1/label": [("delete", "Gone")],
        "#/body": [("insert", "Hello")],
        "#/body/source": [("insert", "<p>Hello</p>")],
    }


def test_a_state_that_is_not_there_is_named(service: Service) -> None:
    entry, other = service.editor.create("tags"), service.editor.create("tags")
    service.editor.publish("tags", other, live_from="2999-01-01T00:00:00Z")
    path = f"/api/v1/manage/tags/{entry['id']}/diff"
    for each in (entry, other):
        response = service.viewer.get(f"/api/v1/manage/tags/{each['id']}/diff")
        assert response.status_code == 409
        (fault,) = response.get_json()["errors"]
        assert (fault["parameter"], fault["code"]) == ("from", "not_live")
    response = service.viewer.get(f"{path}?from=1&to=2")
    assert response.status_code == 404
    (fault,) = response.get_json()["errors"]
    assert (fault["parameter"], fault["code"]) == ("to", "unknown_revision")
    response = service.viewer.get(f"{path}?from=0&to=newest")
    assert response.status_code == 400
    assert [each["parameter"] for each in response.get_json()["errors"]] == ["from", "to"]
    for unknown in (str(uuid.uuid4()), "x"):
        assert service.viewer.get(f"/api/v1/manage/tags/{unknown}/diff?from=1").status_code == 404


def test_blocks_are_compared_one_by_one_and_their_words_as_text(service: Service) -> None:
    def blocks(*texts: str) -> dict[str, Any]:
        spans = [[{"_type": "span", "_key": f"s{text}", "text": text, "marks": []}] for text in texts]
        source = [
            {"_type": "block", "_key": f"b{span[0]['text']}", "style": "normal", "markDefs": [], "children": span}
            for span in spans
        ]
        return {"format": "blocks", "source": source}

    entry = service.editor.create("articles", body=blocks("One", "Three"))
    service.editor.change("articles", entry, body=blocks("One", "Two", "Three"))
    found = diff(service, "articles", entry, **{"from": "1"})
    assert [(each["op"], each["path"]) for each in found["patch"]] == [("add", "/body/source/1")]
    assert found["patch"][0]["value"] == blocks("Two")["source"][0]
    assert list(words(found)) == ["#/body"]
    assert ("insert", "Two") in [(op, text.strip()) for op, text in words(found)["#/body"]]
    service.editor.change("articles", entry, body="One\n\nTwo\n\nThree\n")
    assert list(words(diff(service, "articles", entry, **{"from": "2"}))) == []
