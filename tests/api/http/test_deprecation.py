"""An operation that is deprecated says so in every answer and in the document (RFC 9745 and RFC 8594)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from cms.api.http.deprecation import Deprecation
from tests.contract.operations import breaks_between
from tests.deprecated import GUIDE, HEADERS, LINK, MANAGED, PATH, SINCE, SUNSET, with_deprecated_operations
from tests.service import Service


@pytest.fixture
def service(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service with deprecated operations; what is said of them has nothing to do with the database."""
    running = with_deprecated_operations(sqlite_url, monkeypatch)
    yield running
    running.close()


def told(response: TestResponse) -> dict[str, str]:
    """The headers of a deprecation in an answer."""
    links = [each for each in response.headers.getlist("Link") if 'rel="deprecation"' in each]
    assert len(links) <= 1
    named = {name: response.headers[name] for name in HEADERS if name in response.headers}
    return named | ({"Link": links[0]} if links else {})


EVERYTHING = HEADERS | {"Link": LINK}


def test_delivery_says_it_in_every_answer(service: Service) -> None:
    first = service.get(PATH)
    answers = {
        200: first,
        304: service.get(PATH, headers={"If-None-Match": first.headers["ETag"]}),
        400: service.get(f"{PATH}?size=9"),
        404: service.get(f"{PATH}?locale=de"),
        406: service.get(PATH, headers={"Accept": "image/png"}),
        412: service.get(PATH, headers={"If-Match": '"another"'}),
        414: service.get(f"{PATH}?size={'1' * 9000}"),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {each: each for each in answers}
    assert {status: told(answer) for status, answer in answers.items()} == dict.fromkeys(answers, EVERYTHING)


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_an_answer_that_was_kept_says_it(service: Service, coding: str) -> None:
    accepted = {"Accept-Encoding": coding}
    service.get(PATH, headers=accepted)
    kept = service.get(PATH, headers=accepted)
    assert kept.headers["Cache-Status"].startswith("cms; hit")
    assert told(kept) == EVERYTHING
    assert kept.headers.getlist("Link")[0] == '<https://harbour.example/>; rel="canonical"'
    unchanged = service.get(PATH, headers=accepted | {"If-None-Match": kept.headers["ETag"]})
    assert unchanged.status_code == 304
    assert told(unchanged) == EVERYTHING
    # The other links are of no use to who has the answer.
    assert len(unchanged.headers.getlist("Link")) == 1


def test_a_head_says_it_and_another_method_does_not(service: Service) -> None:
    assert told(service.request("HEAD", PATH)) == EVERYTHING
    assert told(service.request("OPTIONS", PATH)) == {}
    assert service.post(PATH).status_code == 405
    assert told(service.post(PATH)) == {}
    assert told(service.author.delete(MANAGED)) == {}


def test_what_is_not_deprecated_says_nothing(service: Service) -> None:
    for path in ("/api/v1/site", "/api/v1/articles", "/docs", "/api/v1/nothing", "/docs/problems/not-found"):
        assert told(service.get(path)) == {}


def test_management_says_it_in_every_answer(service: Service) -> None:
    author, text = service.author, {"text": "Open"}
    key = {"Idempotency-Key": "once"}
    answers = [
        (201, author.post(MANAGED, json=text)),
        (201, author.post(MANAGED, json=text, headers=key)),
        (201, author.post(MANAGED, json=text, headers=key)),
        (400, author.post(MANAGED, data=b"{", content_type="application/json")),
        (401, service.post(MANAGED, json=text)),
        (403, service.viewer.post(MANAGED, json=text)),
        (409, author.post(MANAGED, json={"text": "Closed"}, headers={"Idempotency-Key": "refused"})),
        (409, author.post(MANAGED, json={"text": "Closed"}, headers={"Idempotency-Key": "refused"})),
        (413, author.post(MANAGED, data=b" " * 1_100_000, content_type="application/json")),
        (415, author.post(MANAGED, data=b"{}", content_type="text/csv")),
        (422, author.post(MANAGED, json={})),
    ]
    assert [answer.status_code for _, answer in answers] == [status for status, _ in answers]
    assert [told(answer) for _, answer in answers] == [EVERYTHING] * len(answers)
    assert answers[2][1].headers["Idempotency-Replayed"] == "true"


def test_without_a_sunset_there_is_none(service: Service) -> None:
    response = service.viewer.get(MANAGED)
    assert response.status_code == 200
    link = '<https://harbour.example/news>; rel="deprecation"; type="text/html"'
    assert told(response) == {"Deprecation": HEADERS["Deprecation"], "Link": link}


def test_an_operation_of_a_batch_says_it_in_its_result(service: Service) -> None:
    operations = [
        {"method": "POST", "path": "/headline", "body": {"text": "Open"}},
        {"method": "DELETE", "path": "/headline"},
    ]
    response = service.author.post("/api/v1/manage/batch", json={"operations": operations})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert [each["headers"] for each in response.get_json()["data"]] == [EVERYTHING, {}]
    assert told(response) == {}


def test_scripts_of_other_origins_may_read_it(service: Service) -> None:
    exposed = service.get(PATH).headers["Access-Control-Expose-Headers"].split(", ")
    assert {*HEADERS, "Link"} <= set(exposed)


# The declaration.


@pytest.mark.parametrize(
    "options",
    [
        {"since": datetime(2026, 1, 1), "sunset": None},
        {"since": SINCE, "sunset": datetime(2027, 1, 1)},
        {"since": SUNSET, "sunset": SINCE},
    ],
)
def test_a_time_without_an_offset_or_out_of_order_is_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=r"offset|not be before"):
        Deprecation(**options, link=GUIDE, replacement="something else")


def test_times_are_said_in_utc(service: Service) -> None:
    east = timezone(timedelta(hours=2))
    moved = Deprecation(SINCE.astimezone(east), SUNSET.astimezone(east), GUIDE, "`GET /api/v1/site`")
    with service.app.app_context():
        assert moved.headers == Deprecation(SINCE.astimezone(UTC), SUNSET, GUIDE, "").headers == EVERYTHING
    assert "until at least 2027-03-01" in moved.text


# The document.


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(service.services.document))
    return loaded


def resolved(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in answer:
        return answer
    found: dict[str, Any] = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return found


def test_the_document_says_it(document: dict[str, Any]) -> None:
    validate(document)
    operation = document["paths"][PATH]["get"]
    assert operation["deprecated"] is True
    assert operation["description"].startswith(
        "**Deprecated** since 2026-03-01; works until at least 2027-03-01. Use `GET /api/v1/site` instead "
        f"([details]({GUIDE})).\n\nGet the headline."
    )
    assert document["paths"][MANAGED]["get"]["description"].startswith(
        "**Deprecated** since 2026-03-01. Use `GET /api/v1/manage/site` instead ("
    )
    assert "deprecated" not in document["paths"][MANAGED]["delete"]


def test_the_headers_are_documented_at_every_answer(document: dict[str, Any]) -> None:
    expected = {
        (PATH, "get"): {*EVERYTHING},
        (MANAGED, "post"): {*EVERYTHING},
        (MANAGED, "get"): {"Deprecation", "Link"},
    }
    for (path, method), names in expected.items():
        for status, answer in document["paths"][path][method]["responses"].items():
            headers = resolved(document, answer)["headers"]
            assert headers.keys() & EVERYTHING.keys() == names, (path, method, status)
    for answer in document["paths"][MANAGED]["delete"]["responses"].values():
        assert resolved(document, answer)["headers"].keys() & EVERYTHING.keys() == set()
    found = document["paths"][PATH]["get"]["responses"]["200"]["headers"]
    assert found["Link"]["description"].startswith("`canonical`. `deprecation`: ")
    assert found["Deprecation"]["schema"] == {"type": "string", "pattern": "^@[0-9]+$"}


def test_a_parameter_and_a_member_of_a_body_can_be_deprecated(document: dict[str, Any]) -> None:
    locale, size, *_ = document["paths"][PATH]["get"]["parameters"]
    assert (locale["name"], "deprecated" in locale) == ("locale", False)
    assert (size["name"], size["deprecated"]) == ("size", True)
    assert size["description"] == "How large. Deprecated: the style sheet says so."
    assert "deprecated" not in size["schema"]
    members = document["components"]["schemas"]["Headline"]["properties"]
    assert members["colour"]["deprecated"] is True
    assert members["colour"]["description"] == "Deprecated: nothing; it has no colour."
    assert "deprecated" not in members["text"]


def test_a_deprecation_breaks_nothing(document: dict[str, Any]) -> None:
    before = json.loads(json.dumps(document))
    for path in (PATH, MANAGED):
        for operation in before["paths"][path].values():
            operation.pop("deprecated", None)
            for status, answer in operation["responses"].items():
                plain = resolved(before, answer)
                kept = {name: each for name, each in plain["headers"].items() if name not in EVERYTHING}
                operation["responses"][status] = {**plain, "headers": kept}
    assert before != document
    assert breaks_between(before, document) == []
