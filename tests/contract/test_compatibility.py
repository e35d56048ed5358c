"""The detector finds every seeded break, at the operations that it reaches, and is silent about harmless edits."""

import json
import random
from typing import Any

import pytest

from tests.contract import breaks, harmless
from tests.contract.breaks import secured
from tests.contract.documents import JSONObject
from tests.contract.editing import Case, Edit, document, edited, operations, reaching
from tests.contract.operations import breaks_between
from tests.contract.rules import RULES

pytestmark = pytest.mark.exhaustive


def expected_operations(case: Case) -> tuple[str, ...]:
    of = document()
    if case.reach == "*":
        return tuple(sorted(name for name, _ in operations(of)))
    if case.reach == "keys":
        return secured(of)
    return (case.reach,) if " " in case.reach else reaching(of, case.reach, case.rule)


@pytest.mark.parametrize("case", breaks.CASES, ids=lambda case: case.name)
def test_a_break_is_found_where_it_is(case: Case) -> None:
    changed = edited(case.edit)
    assert changed != document()
    found = breaks_between(document(), changed)
    assert {each.rule for each in found} == {case.rule}
    assert tuple(sorted({name for each in found for name in each.operations})) == expected_operations(case)


@pytest.mark.parametrize("edit", harmless.EDITS, ids=lambda edit: edit.__name__)
def test_a_harmless_edit_passes(edit: Edit) -> None:
    changed = edited(edit)
    assert json.dumps(changed) != json.dumps(document())
    assert [each.id for each in breaks_between(document(), changed)] == []


def test_there_are_fifty_of_each_and_every_rule_is_among_them() -> None:
    assert len(breaks.CASES) >= 50
    assert len(harmless.EDITS) >= 50
    assert len({case.name for case in breaks.CASES}) == len(breaks.CASES)
    missing = RULES.keys() - {case.rule for case in breaks.CASES}
    # No header of an answer is marked as required, and no answer has a keyword that the detector does not know.
    assert missing == {"response-header-became-optional", "response-keyword-changed"}


def shuffled(node: Any, chance: random.Random) -> Any:
    """The same in another order: members of objects, and the items of lists, which in a document have no order."""
    if isinstance(node, dict):
        names = list(node)
        chance.shuffle(names)
        return {name: shuffled(node[name], chance) for name in names}
    if isinstance(node, list):
        items = [shuffled(each, chance) for each in node]
        chance.shuffle(items)
        return items
    return node


def test_a_document_is_the_same_as_itself() -> None:
    assert breaks_between(document(), document()) == []


@pytest.mark.parametrize("seed", range(3))
def test_order_means_nothing(seed: int) -> None:
    assert breaks_between(document(), shuffled(document(), random.Random(seed))) == []
    assert breaks_between(shuffled(document(), random.Random(seed)), document()) == []


@pytest.mark.parametrize("case", breaks.CASES[::16], ids=lambda case: case.name)
def test_a_break_has_the_same_id_whatever_the_order(case: Case) -> None:
    before, after = document(), edited(case.edit)
    chance = random.Random(1)
    found = breaks_between(shuffled(before, chance), shuffled(after, chance))
    assert [each.id for each in found] == [each.id for each in breaks_between(before, after)]


TAKING_MUCH_AWAY = ("operation-removed", "response-status-removed", "response-media-type-removed")
"""Rules whose edits leave nothing of what another one would change."""


def test_many_breaks_at_once_are_all_found() -> None:
    # One of each rule, so that none takes away what another one edits.
    firsts = {case.rule: case for case in reversed(breaks.CASES)}
    cases = [case for rule, case in firsts.items() if rule not in TAKING_MUCH_AWAY]
    changed = document()
    for case in cases:
        case.edit(changed)
    alone = {each.id for case in cases for each in breaks_between(document(), edited(case.edit))}
    together = {each.id for each in breaks_between(document(), changed)}
    assert alone - together == set()


def test_ids_and_advice_say_where_and_what_to_do() -> None:
    (found,) = breaks_between(document(), edited(breaks.remove_a_member_of_an_answer))
    assert found.id == "Article: response-property-removed #/title"
    assert "GET /api/v1/articles" in found.operations
    assert "GET /api/v1/manage/articles" not in found.operations
    assert found.advice.startswith("Keep it")
    (found,) = breaks_between(document(), edited(breaks.remove_a_filter))
    assert found.id == "GET /api/v1/articles: request-parameter-removed #/parameters/query/tag"
    (found,) = breaks_between(document(), edited(breaks.shorten_the_items_of_a_list))
    assert found.id == "GET /api/v1/articles: request-limit-tightened #/parameters/query/tag/*"
    assert found.detail == "`maxLength` was 120 and is 50."
    (found,) = breaks_between(document(), edited(breaks.answer_with_a_smaller_schema))
    assert found.id == "TagList → ShortTagList: response-property-removed #/links"
    assert found.operations == ("GET /api/v1/tags",)


# What the document has no example of, on documents made for it.


def small(schema: JSONObject, *, request: bool, **components: JSONObject) -> JSONObject:
    """A document with one schema, sent or answered."""
    content = {"content": {"application/json": {"schema": schema}}}
    answers = {"200": {"description": "", **({} if request else content)}}
    described: JSONObject = {"operationId": "do", "responses": answers} | ({"requestBody": content} if request else {})
    return {"openapi": "3.1.0", "paths": {"/": {"post": described}}, "components": {"schemas": components}}


def rules(old: JSONObject, new: JSONObject, *, request: bool) -> list[str]:
    found = breaks_between(small(old, request=request), small(new, request=request))
    return [each.rule.removeprefix("request-").removeprefix("response-") for each in found]


TEXT: JSONObject = {"type": "string"}


@pytest.mark.parametrize(
    ("narrow", "wide", "rule"),
    [
        ({"type": "string", "maxLength": 5}, TEXT, "limit"),
        ({"type": "integer"}, {"type": "number"}, "type-changed"),
        ({"type": "integer", "format": "int32"}, {"type": "integer", "format": "int64"}, "format-changed"),
        ({"type": "number", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0}, "limit"),
        ({"type": "number", "exclusiveMaximum": 9}, {"type": "number", "maximum": 9}, "limit"),
        ({"type": "number", "multipleOf": 4}, {"type": "number", "multipleOf": 2}, "limit"),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, "value"),
        ({"enum": ["aa", "ab"]}, {"type": "string", "pattern": "^a", "minLength": 2}, "value"),
        ({"enum": [2, 4]}, {"type": "integer", "minimum": 1, "maximum": 4}, "value"),
        ({"const": None}, {"type": ["null", "string"]}, "type-changed"),
        (TEXT, {}, "type-changed"),
        ({"type": "array", "items": TEXT, "minItems": 1}, {"type": "array", "items": TEXT}, "limit"),
        ({"type": "array", "items": {"const": 1}}, {"type": "array"}, "type-changed"),
        ({"type": "object", "not": {"required": ["a"]}}, {"type": "object"}, "keyword-changed"),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"type": "object", "additionalProperties": {"type": "number"}},
            "type-changed",
        ),
        (
            {"allOf": [{"type": "string", "maxLength": 9}, {"minLength": 2}]},
            {"type": "string", "maxLength": 9},
            "limit",
        ),
        ({"anyOf": [TEXT, {"type": "boolean"}]}, {"type": ["boolean", "integer", "string"]}, "type-changed"),
    ],
)
def test_a_schema_may_grow_where_it_is_sent_and_shrink_where_it_is_answered(
    narrow: JSONObject, wide: JSONObject, rule: str
) -> None:
    assert rules(narrow, wide, request=True) == []
    assert rules(wide, narrow, request=False) == []
    for found in (rules(wide, narrow, request=True), rules(narrow, wide, request=False)):
        assert [each.startswith(rule) for each in found] == [True], found


CLOSED: JSONObject = {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}


@pytest.mark.parametrize("request_", [True, False])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"type": ["string", "null"], "maxLength": 3},
            {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 3}]},
        ),
        ({"enum": ["a", "b", None]}, {"oneOf": [{"const": None}, {"const": "b"}, {"enum": ["a"]}]}),
        ({"type": "number"}, {"type": ["integer", "number"]}),
        ({"type": "integer"}, {"allOf": [{"type": "number"}, {"type": ["integer", "string"]}]}),
        ({"type": "string", "minLength": 2}, {"allOf": [{"type": "string", "minLength": 1}, {"minLength": 2}]}),
        ({"type": "number", "multipleOf": 6}, {"allOf": [{"type": "number", "multipleOf": 2}, {"multipleOf": 3}]}),
        (CLOSED, {"allOf": [CLOSED, {"properties": {"a": TEXT, "b": TEXT}}]}),
        (CLOSED | {"required": ["a"]}, {"allOf": [CLOSED, {"required": ["a"]}]}),
        ({"anyOf": [TEXT, {"type": "boolean"}], "maxLength": 3}, {"type": ["boolean", "string"], "maxLength": 3}),
        ({"type": "object", "additionalProperties": True}, {"type": "object"}),
        ({}, True),
        ({}, {"type": ["array", "boolean", "null", "number", "object", "string"]}),
    ],
)
def test_the_same_in_other_words_is_the_same(one: JSONObject, other: JSONObject, request_: bool) -> None:
    assert rules(one, other, request=request_) == []
    assert rules(other, one, request=request_) == []


def test_a_required_header_may_not_become_optional() -> None:
    def with_header(**header: Any) -> JSONObject:
        of = small(TEXT, request=False)
        of["paths"]["/"]["post"]["responses"]["200"]["headers"] = {"Sunset": {"schema": TEXT, **header}}
        return of

    (found,) = breaks_between(with_header(required=True), with_header())
    assert found.id == "POST /: response-header-became-optional #/responses/200/headers/Sunset"
    assert breaks_between(with_header(), with_header(required=True)) == []


def test_a_keyword_that_is_not_known_is_found_in_answers_too() -> None:
    odd = {"type": "array", "contains": {"const": 1}}
    assert rules(odd, {"type": "array"}, request=False) == ["keyword-changed"]


def test_forms_of_a_union_may_be_declared_to_grow() -> None:
    def union(*kinds: str, **options: Any) -> JSONObject:
        forms = [{"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]} for kind in kinds]
        return {"oneOf": forms, **options}

    is_open = {"x-extensible": True}
    assert rules(union("a", "b", **is_open), union("a", "b", "c", **is_open), request=False) == []
    assert rules(union("a", "b"), union("a", "b", "c"), request=False) == ["alternative-added"]
    # It has to be said in the release that clients were written for.
    assert rules(union("a", "b"), union("a", "b", "c", **is_open), request=False) == ["alternative-added"]
    assert rules({"enum": ["a"], **is_open}, {"type": ["string", "integer"]}, request=False) == ["type-changed"]


def test_what_a_webhook_sends_is_read_like_an_answer() -> None:
    def hooked(**webhooks: JSONObject) -> JSONObject:
        posted = {
            name: {"post": {"requestBody": {"content": {"application/json": {"schema": each}}}}}
            for name, each in webhooks.items()
        }
        return small(TEXT, request=False) | {"webhooks": posted}

    event = {"type": "object", "properties": {"id": TEXT, "at": TEXT}, "required": ["id"]}
    shorter = {"type": "object", "properties": {"id": TEXT}, "required": ["id"]}
    (found,) = breaks_between(hooked(published=event), hooked(published=shorter))
    assert found.id == "webhook POST published: response-property-removed #/requestBody/at"
    assert breaks_between(hooked(published=shorter), hooked(published=event, trashed=event)) == []
    (found,) = breaks_between(hooked(published=event), hooked())
    assert found.id == "webhook POST published: operation-removed #"


def test_schemas_that_hold_themselves_are_compared_once() -> None:
    def tree(word: str) -> JSONObject:
        below = {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
        node = {"type": "object", "properties": {"below": below, "word": {"enum": [word]}}}
        return small({"$ref": "#/components/schemas/Node"}, request=True, Node=node)

    (found,) = breaks_between(tree("old"), tree("new"))
    assert found.id == "Node: request-value-removed #/word"
