"""What each field takes and refuses, and that its JSON Schema says the same where JSON Schema can say it."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema import ValidationError as SchemaError
from marshmallow import ValidationError

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Field, Schema, faults_of
from cms.api.v1.rich_text import RichText

TIME = [
    "2026-03-03T08:00:00Z",
    "2026-03-03T08:00:00.5+05:30",
    "2026-03-03T08:00:00.123456789-12:00",
    "2024-02-29T23:59:59Z",
    "1900-01-01T00:00:00Z",
    "9999-12-31T23:59:59.998Z",
    "2026-03-03T08:00:00-00:00",
]
NO_TIME = [
    "2026-03-03T08:00:00",
    "2026-03-03",
    "20260303T080000Z",
    "2026-W10-2T08:00:00Z",
    "2026-062T08:00:00Z",
    "2026-03-03 08:00:00Z",
    "2026-03-03T08:00Z",
    "2026-03-03T08:00:00,5Z",
    "2026-03-03T08:00:00z",
    "2026-03-03t08:00:00Z",
    "2026-03-03T08:00:00+0100",
    "2026-03-03T08:00:00+01",
    "2026-03-03T08:00:00+24:00",
    "2026-03-03T24:00:00Z",
    "2026-03-03T08:60:00Z",
    "2026-03-03T08:00:60Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "1899-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "+12026-01-01T00:00:00Z",
    "2026-03-03T08:00:00Z\n",
    " 2026-03-03T08:00:00Z",
    "\uff12026-03-03T08:00:00Z",
    "now",
    "",
    1700000000,
    True,
    [],
]
SLUGS = ["a", "0", "a-b", "a-1-b", "x" * 120, "2026"]
NO_SLUGS = ["", "-", "A", "a b", "-a", "a-", "a--b", "a_b", "a/b", "ä", "a\n", "x" * 121, "\u0131", 7, False, ["a"]]
LOCALES = ["en", "de-AT", "zh-Hant-TW", "es-419", "gsw", "sr-Latn", "de-Latn-DE"]
NO_LOCALES = ["", "EN", "e", "en_US", "en-us", "en-USA", "english", "zh-hant", "en-", "*", "en\n", "en-US-x", 1]
URLS = [
    "https://example.org",
    "http://example.org:8080/a/b?c=d&e#f",
    "https://ex-ample.example/%C3%A4?q=%20",
    "https://[2001:db8::1]/",
    "https://example.org/a'(b)*",
]
NO_URLS = [
    "",
    "/path",
    "example.org",
    "//example.org/x",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "ftp://example.org/",
    "mailto:a@example.org",
    "https://",
    "https:///path",
    "https:/example.org",
    "https://user:secret@example.org/",
    "https://user@example.org/",
    "https://example.org:port/",
    "https://example.org:99999/",
    "https://exam ple.org/",
    "https://example.org/a b",
    "https://example.org/\\evil",
    "https://example.org/<x>",
    'https://example.org/"x',
    "https://example.org/\n",
    " https://example.org/",
    "https://[::1",
    "https://example.org/" + "x" * 2029,
    7,
    None,
]
LINES = ["a", " a ", "x" * 10, "😀" * 10, "a\u200bb", "é", "<b>&"]
NO_LINES = ["", " ", "\u00a0\u3000", "x" * 11, "a\nb", "a\rb", "a\tb", "a\x00", "a\x1b", "a\x7f", "a\x85", "a\u2028b"]
NO_LINES_OF_ANY_KIND = [7, 1.5, True, [], {}]


class Case:
    """A field with what it takes and refuses; ``unsaid`` is refused beyond what JSON Schema can say."""

    def __init__(self, field: Field, taken: list[Any], refused: list[Any], unsaid: list[Any] | None = None) -> None:
        self.field, self.taken, self.refused, self.unsaid = field, taken, refused, unsaid or []


UNSAID_TIMES = [
    "9999-12-31T23:59:59.999Z",
    "2025-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "1900-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-01:00",
]
PATHS = [*URLS, "/contact", "/", "#part", "?q=1", "mailto:a@example.org", "tel:+491234", "/a/../b"]
NO_PATHS = [each for each in NO_URLS if each not in ("/path", "mailto:a@example.org")]
# The formats "uri" and "uri-reference" say less than the field checks, so most of what it refuses is unsaid.

CASES = {
    "time": Case(fields.Time(), TIME, NO_TIME, UNSAID_TIMES),
    "slug": Case(entry_fields.EntrySlug(), SLUGS, NO_SLUGS, [str(uuid.UUID(int=5))]),
    "id": Case(
        fields.Id(),
        [str(uuid.UUID(int=5)), str(uuid.uuid4())],
        [
            "",
            "a",
            str(uuid.uuid4()).upper() + "A",
            uuid.uuid4().hex,
            f"{uuid.uuid4()}\n",
            "{" + str(uuid.uuid4()) + "}",
            5,
        ],
    ),
    "locale": Case(fields.Locale(), LOCALES, NO_LOCALES),
    "url": Case(address_fields.URL(), URLS, [None, 7, "https://example.org/" + "x" * 2029], NO_URLS),
    "path": Case(address_fields.URL(paths=True), PATHS, [None, 7], NO_PATHS),
    "line": Case(fields.Line(10), LINES, [*NO_LINES[3:], *NO_LINES_OF_ANY_KIND, ""], [" ", "\u00a0\u3000", "a\ud800"]),
    "flag": Case(fields.Flag(), [True, False], [0, 1, "true", "false", "yes", "", None, [], 1.0]),
    "whole": Case(fields.Whole(-5, 5), [-5, 0, 5, 1.0], [-6, 6, 10**30, "1", True, None, 1.5, [1], "\u0661"]),
    "choice": Case(fields.Choice("a", "b"), ["a", "b"], ["c", "", "A", "a ", 1, None, True, ["a"], {}]),
    "free": Case(
        fields.FreeObject(),
        [{}, {"a": {"b": [1, 2.5, None, True]}}, {"n": 2**53 - 1}, {"": ""}],
        [[], "x", None, 1, True],
        [{"a": "x" * 17_000}, {"n": 2**53}, {"n": -(2**53)}, {"a": "\x00"}, {"\x00": 1}, {"a": ["\ud800"]}],
    ),
    "rich": Case(
        RichText(),
        [
            *("", "text"),
            {"format": "markdown", "source": ""},
            {"format": "html", "source": "<p>"},
            {"format": "blocks", "source": []},
        ],
        [
            7,
            None,
            [],
            {},
            {"format": "markdown"},
            {"source": "x"},
            {"format": "docx", "source": "x"},
            {"format": ["html"], "source": "x"},
            {"format": "html", "source": 7},
            {"format": "html", "source": None},
            {"format": "html", "source": "x", "trust": "raw"},
            {"format": "html", "source": []},
            {"format": "blocks", "source": "x"},
            {"format": "blocks", "source": {"_type": "block"}},
            "x" * 250_001,
        ],
        ["a\x00", {"format": "html", "source": "\ud800"}],
    ),
    "many": Case(
        fields.Many(fields.Whole(0, 9), most=3),
        [[], [1], [1, 1], [0, 9, 3]],
        [[1, 2, 3, 4], [10], ["1"], [None], [[1]], "1", {"0": 1}, None, 1],
    ),
    "many unique": Case(fields.Many(fields.Choice("a", "b"), unique=True), [[], ["a", "b"]], [["a", "a"], ["c"]]),
}


class AsQuery(Schema):
    is_query = True

    flag = fields.Flag()
    whole = fields.Whole(-5, 5)
    many = fields.Many(fields.Whole(0, 9))


def refuses(field: Field, value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return True
    return False


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[SchemaError]:
    """JSON Schema's patterns are ECMAScript's, where ``$`` is the end and nothing before a last line break."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield SchemaError("This does not match.")


Strict: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})


def described(case: Case) -> Any:
    schema = case.field.json_schema()
    Draft202012Validator.check_schema(schema)
    return Strict(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("name", list(CASES))
def test_a_field_takes_what_it_should_and_its_schema_agrees(name: str) -> None:
    case = CASES[name]
    for value in case.taken:
        assert not refuses(case.field, value), value
        assert described(case).is_valid(value), value


@pytest.mark.parametrize("name", list(CASES))
def test_a_field_refuses_what_it_should_and_its_schema_agrees(name: str) -> None:
    case = CASES[name]
    for value in case.refused:
        assert refuses(case.field, value), value
        assert not described(case).is_valid(value), value


@pytest.mark.parametrize("name", list(CASES))
def test_a_field_refuses_what_only_it_can_know(name: str) -> None:
    for value in CASES[name].unsaid:
        assert refuses(CASES[name].field, value), value


@pytest.mark.parametrize("name", ["url", "path"])
def test_the_schema_of_an_address_refuses_schemes_that_run_code(name: str) -> None:
    assert refuses(CASES[name].field, "javascript:alert(1)")
    assert not described(CASES[name]).is_valid("javascript:alert(1)")


@pytest.mark.parametrize("name", list(CASES))
def test_every_refusal_has_a_code_and_a_sentence(name: str) -> None:
    case = CASES[name]
    for value in (*case.refused, *case.unsaid):
        with pytest.raises(ValidationError) as caught:
            case.field.deserialize(value)
        for _, code, detail in faults_of(caught.value):
            assert re.fullmatch("[a-z_]+", code), value
            assert code != "invalid", value
            assert detail.endswith("."), value


def test_every_message_names_its_code() -> None:
    found = {
        "required": fields.Line(5, required=True),
        "null": fields.Line(5),
    }
    with pytest.raises(ValidationError) as missing:
        type("One", (Schema,), {"a": found["required"]})().load({})
    assert [each[1] for each in faults_of(missing.value)] == ["required"]
    with pytest.raises(ValidationError) as null:
        type("Two", (Schema,), {"a": found["null"]})().load({"a": None})
    assert [each[1] for each in faults_of(null.value)] == ["null"]


def test_a_time_is_cut_to_the_millisecond_in_utc() -> None:
    loaded = fields.Time().deserialize("2026-03-03T09:30:00.999999+05:30")
    assert loaded == datetime(2026, 3, 3, 4, 0, 0, 999000, tzinfo=UTC)
    assert loaded.utcoffset() == datetime.now(UTC).utcoffset()


def test_queries_write_booleans_and_numbers_as_words() -> None:
    assert AsQuery().load({"flag": "true", "whole": "-5", "many": ["1", "9"]}) == {
        "flag": True,
        "whole": -5,
        "many": [1, 9],
    }
    for name, wrong in {
        "flag": ["True", "1", "yes", "", "on", "t"],
        "whole": ["6", "1.0", "1e0", " 1", "+1", "", "\u0661", "0x1", "1" * 5000, "--1", "1_0"],
    }.items():
        for value in wrong:
            with pytest.raises(ValidationError):
                AsQuery().load({name: value})


def test_faults_of_a_list_stand_at_their_places() -> None:
    with pytest.raises(ValidationError) as caught:
        fields.Many(fields.Choice("a", "b"), unique=True).deserialize(["a", "c", "a", 7])
    assert [(path, code) for path, code, _ in faults_of(caught.value)] == [
        (("1",), "unknown_value"),
        (("2",), "duplicate"),
        (("3",), "unknown_value"),
    ]


def test_depth_and_size_of_a_free_object_have_an_end() -> None:
    deep: Any = {}
    for _ in range(16):
        deep = {"a": deep}
    assert not refuses(fields.FreeObject(), deep)
    assert refuses(fields.FreeObject(), {"a": deep})
    assert not refuses(fields.FreeObject(), {"a": "x" * (16 * 1024 - 8)})
    assert refuses(fields.FreeObject(), {"a": "x" * (16 * 1024 - 7)})
    assert refuses(fields.FreeObject(), {"a": "ä" * 8190})
