"""Reading bodies: strict JSON of one type, one encoding and a limited size; anything else is a clear refusal."""

import gzip
import io
import json
from typing import Any

import pytest

from cms.api.http.body import BODY_BYTES, parse
from cms.api.http.problems import MalformedRequest
from cms.rendering.front_matter import DEPTH
from tests.service import MERGE_PATCH, Service

PATH = "/api/v1/manage/tags"

MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "only space": b"  \n",
    "truncated": b'{"name": "Pap',
    "two documents": b'{"name": "a"} {"name": "b"}',
    "a trailing comma": b'{"name": "a",}',
    "a comment": b'{"name": "a"} // done',
    "single quotes": b"{'name': 'a'}",
    "a name without quotes": b'{name: "a"}',
    "a name twice": b'{"name": "a", "name": "b"}',
    "a name twice by escape": b'{"name": "a", "n\\u0061me": "b"}',
    "a name twice inside": b'{"name": "a", "extra": {"x": {"a": 1, "a": 1}}}',
    "NaN": b'{"name": "a", "extra": {"x": NaN}}',
    "Infinity": b'{"name": "a", "extra": {"x": Infinity}}',
    "-Infinity": b'{"name": "a", "extra": {"x": -Infinity}}',
    "a number beyond every float": b'{"name": "a", "extra": {"x": 1e999}}',
    "a negative one": b'{"name": "a", "extra": {"x": -1e999}}',
    "5000 digits": b'{"name": "a", "extra": {"x": ' + b"9" * 5000 + b"}}",
    "40 levels of lists": b'{"name": "a", "extra": {"x": ' + b"[" * 40 + b"]" * 40 + b"}}",
    "40 levels of objects": b'{"extra": ' + b'{"x":' * 40 + b"1" + b"}" * 41,
    "100000 levels": b"[" * 100_000,
    "100000 levels of objects": b'{"a":' * 100_000,
    "Latin-1": '{"name": "Größe"}'.encode("latin-1"),
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "a"}',
    "an overlong encoding": b'{"name": "\xc0\xaf"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "a raw control character": b'{"name": "a\x01b"}',
    "a raw NUL": b'{"name": "a\x00b"}',
    "leading zeros": b'{"name": "a", "extra": {"x": 007}}',
    "a plus": b'{"name": "a", "extra": {"x": +1}}',
    "no JSON at all": b"name=a",
}


@pytest.mark.parametrize("name", list(MALFORMED))
def test_what_is_no_strict_json_is_refused(name: str) -> None:
    with pytest.raises(MalformedRequest):
        parse(MALFORMED[name])


def words_of_python(content: bytes) -> str:
    """The message of Python's own parser about this body, or nothing if it reads it."""
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        return error.msg
    except (RecursionError, ValueError) as error:
        return str(error)
    return ""


def test_a_refusal_is_in_words_that_no_release_of_python_changes() -> None:
    theirs = {name: words for name, content in MALFORMED.items() if (words := words_of_python(content))}
    assert len(theirs) > 15
    for name, words in theirs.items():
        with pytest.raises(MalformedRequest) as ours:
            parse(MALFORMED[name])
        assert words not in ours.value.detail, name


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "The body is not valid JSON: it is incomplete."),
        (b'{"a": 1', "The body is not valid JSON: it is incomplete."),
        (b'{"a": "Pap', "The body is not valid JSON at line 1, column 7: '\"Pap'."),
        (b'{\n"a": no}', "The body is not valid JSON at line 2, column 6: 'no}'."),
        (b"[" * 100_000, "The body is nested deeper than 32 levels."),
        (b"[" * 33 + b"]" * 33, "The body is nested deeper than 32 levels."),
        (b"9" * 5000, "The JSON of the body is not accepted: a number is out of range."),
        (b"[1e999]", "The JSON of the body is not accepted: a number is out of range."),
    ],
    ids=range(8),
)
def test_a_refusal_says_where_and_why(content: bytes, detail: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        parse(content)
    assert refused.value.detail == detail


def test_what_is_no_strict_json_is_a_400_problem_that_writes_nothing(service: Service) -> None:
    entry = service.author.create("tags")
    for name, content in MALFORMED.items():
        for response in (
            service.author.post(PATH, data=content, content_type="application/json"),
            service.author.patch(f"{PATH}/{entry['id']}", data=content, if_match="*"),
        ):
            assert response.status_code == 400, name
            assert response.content_type == "application/problem+json"
            document = response.get_json()
            assert document["type"].endswith("/malformed-request")
            assert len(document["detail"]) < 300, name
    listed = service.author.get(PATH).get_json()["data"]
    assert listed == [entry]


# Well-formed, and no text that can be stored.
UNSTORABLE = [
    (b'{"name": "\\ud800"}', "#/name"),
    (b'{"name": "a\\udfffb"}', "#/name"),
    (b'{"name": "\\u0000"}', "#/name"),
    (b'{"name": "a", "description": "\\u0000"}', "#/description"),
    (b'{"name": "a", "note": "\\ud800"}', "#/note"),
    (b'{"name": "a", "slug": "\\u0000"}', "#/slug"),
    (b'{"name": "a", "extra": {"x": "\\u0000"}}', "#/extra"),
    (b'{"name": "a", "extra": {"\\u0000": 1}}', "#/extra"),
    (b'{"name": "a", "extra": {"x": ["\\udc00"]}}', "#/extra"),
    (b'{"name": "a", "extra": {"x": 9007199254740993}}', "#/extra"),
    (b'{"name": "a", "extra": {"x": -9007199254740992}}', "#/extra"),
    (b'{"name": "a", "extra": {"x": ' + b"[" * 17 + b"]" * 17 + b"}}", "#/extra"),
]


def test_half_a_surrogate_pair_and_nul_are_faults_of_their_field(service: Service) -> None:
    for content, pointer in UNSTORABLE:
        response = service.author.post(PATH, data=content, content_type="application/json")
        assert response.status_code == 422, content
        assert [each["pointer"] for each in response.get_json()["errors"]] == [pointer], content
    for body in ("\\ud800", "\\u0000", "a\\u0000b"):
        content = f'{{"question": "a?", "answer": "{body}"}}'.encode()
        response = service.author.post("/api/v1/manage/faqs", data=content, content_type="application/json")
        assert response.status_code == 422, body


def test_the_name_of_a_field_may_be_no_text_at_all(service: Service) -> None:
    for name in ("\\u0000", "\\udc00", "\\ud800"):
        for content in (f'{{"name": "a", "{name}": 1}}', f'{{"name": "a", "{name}": 1, "{name}": 2}}'):
            response = service.author.post(PATH, data=content.encode(), content_type="application/json")
            assert response.status_code in (400, 422), content
            assert response.content_type == "application/problem+json"
            json.loads(response.get_data())
    body = b'{"question": "a?", "answer": {"format": "html", "source": "a", "\\ud800": 1}}'
    response = service.author.post("/api/v1/manage/faqs", data=body, content_type="application/json")
    assert response.status_code in (400, 422)


def test_a_pair_of_surrogates_is_one_character(service: Service) -> None:
    response = service.author.post(PATH, data=b'{"name": "\\ud83d\\ude00"}', content_type="application/json")
    assert response.status_code == 201
    assert response.get_json()["data"]["name"] == "😀"


def test_the_depth_that_is_allowed_is_read() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    value: Any = parse(nested(DEPTH))
    for _ in range(DEPTH - 1):
        (value,) = value
    assert value == []
    with pytest.raises(MalformedRequest):
        parse(nested(DEPTH + 1))


def test_numbers_keep_their_value() -> None:
    assert parse(b"[9007199254740991, 0.1, -0.0, 1e5, 1E-7]") == [9007199254740991, 0.1, -0.0, 1e5, 1e-7]


CONTENT_TYPES = [
    "text/plain",
    "",
    "application/xml",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    MERGE_PATCH,
    "application/jsonx",
    "nonsense",
]


def test_a_body_of_another_type_is_415_and_the_right_one_is_named(service: Service) -> None:
    for content_type in CONTENT_TYPES:
        response = service.author.post(PATH, data=b'{"name": "a"}', content_type=content_type)
        assert response.status_code == 415, content_type
        assert response.headers["Accept"] == "application/json"
        assert response.content_type == "application/problem+json"
    for content_type in ("application/json; charset=utf-8", "application/json; charset=UTF-8", "Application/JSON"):
        response = service.author.post(PATH, data=b'{"name": "a"}', content_type=content_type)
        assert response.status_code == 201, content_type


def test_an_encoded_body_is_415_and_is_never_unpacked(service: Service) -> None:
    bomb = gzip.compress(b" " * 5_000_000)
    for encoding in ("gzip", "deflate", "br", "x-unknown", "gzip, identity"):
        headers = {"Content-Encoding": encoding}
        response = service.author.post(PATH, data=bomb, content_type="application/json", headers=headers)
        assert response.status_code == 415, encoding
        assert response.headers["Accept-Encoding"] == "identity"
    headers = {"Content-Encoding": "identity"}
    assert service.author.post(PATH, json={"name": "a"}, headers=headers).status_code == 201


def test_a_body_over_the_limit_is_413(service: Service) -> None:
    start = b'{"name": "a"}'
    exact = start + b" " * (BODY_BYTES - len(start))
    assert service.author.post(PATH, data=exact, content_type="application/json").status_code == 201
    response = service.author.post(PATH, data=exact + b" ", content_type="application/json")
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"
    assert response.get_json()["type"].endswith("/content-too-large")


def test_a_body_that_states_no_length_is_measured(service: Service) -> None:
    content = b'{"name": "a"}' + b" " * BODY_BYTES
    response = service.author.post(
        PATH,
        input_stream=io.BytesIO(content),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413
