"""The Authorization header: one scheme, one form of key, and the same refusal for all that is wrong."""

import base64
import string

import pytest

from cms.keys.actions import PATTERN
from tests.service import HOST, Caller, Service

PATH = "/api/v1/manage/whoami"
ANONYMOUS = 'Bearer realm="cms"'
INVALID = 'Bearer realm="cms", error="invalid_token"'


def status(service: Service, authorization: str) -> tuple[int, str | None]:
    headers = HOST | {"Authorization": authorization}
    response = service.app.test_client().get(PATH, headers=headers)
    if response.status_code == 401:
        assert response.content_type == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.headers.get("WWW-Authenticate")


def key_of(caller: Caller) -> str:
    assert caller.key is not None
    return caller.key


def replaced(key: str, place: int) -> str:
    return key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :]


def test_no_header_is_401_without_a_word_of_a_key(service: Service) -> None:
    response = service.get(PATH)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == ANONYMOUS


def test_every_single_wrong_character_is_refused(service: Service) -> None:
    key = key_of(service.viewer)
    assert PATTERN.fullmatch(key)
    for place in range(len(key)):
        assert status(service, f"Bearer {replaced(key, place)}") == (401, INVALID), place


def test_a_key_with_another_keys_id_or_secret_is_refused(service: Service) -> None:
    one, two = key_of(service.viewer).split("_"), key_of(service.admin).split("_")
    assert status(service, f"Bearer cms_{one[1]}_{two[2]}") == (401, INVALID)
    assert status(service, f"Bearer cms_{two[1]}_{one[2]}") == (401, INVALID)


@pytest.mark.parametrize(
    "text",
    ["", " ", "Bearer", "Bearer ", "Bearer  ", "Basic", "cms_x", "Bearer null", "Bearer undefined", ",", "Bearer ,"],
)
def test_what_is_no_key_is_401(service: Service, text: str) -> None:
    code, challenge = status(service, text)
    assert code == 401
    assert challenge in (ANONYMOUS, INVALID)


def test_other_schemes_are_401(service: Service) -> None:
    key = key_of(service.viewer)
    basic = base64.b64encode(f"{key}:".encode()).decode()
    user = base64.b64encode(f"user:{key}".encode()).decode()
    for text in (
        f"Basic {basic}",
        f"Basic {user}",
        f"Token {key}",
        f"Digest {key}",
        key,
        f"Bearer={key}",
        f'Bearer "{key}"',
    ):
        assert status(service, text) == (401, INVALID), text


def test_the_scheme_is_read_in_any_case(service: Service) -> None:
    key = key_of(service.viewer)
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert status(service, f"{scheme} {key}") == (200, None)


def test_more_than_a_key_is_refused(service: Service) -> None:
    key = key_of(service.viewer)
    for text in (f"{key}x", f"{key} {key}", f"{key},{key}", f"{key}\t", f"x{key}", key.upper(), key[:-1], "c" * 5000):
        assert status(service, f"Bearer {text}")[0] in ((401, 200) if text == f"{key}\t" else (401,)), text


def test_strange_bytes_are_401_and_no_error(service: Service) -> None:
    key = key_of(service.viewer)
    for text in ("Bearer ключ", f"Bearer {key[:-1]}é", "Bearer \x7f", f"Bearer cms_{'ß' * 12}_{'0' * 49}"):
        latin = text.encode("utf-8").decode("latin-1")
        assert status(service, latin) == (401, INVALID), text
    for digit in ("\u00b2", "\u00b9"):
        assert status(service, f"Bearer {key[:-1]}{digit}") == (401, INVALID)


def test_a_key_in_the_address_is_400_and_is_not_echoed_as_used(service: Service) -> None:
    key = key_of(service.admin)
    for name in ("access_token", "key", "api_key", "token"):
        for path in ("/api/v1/articles", "/api/v1/site"):
            response = service.get(path, query_string={name: key})
            assert response.status_code == 400, name
            assert [each["parameter"] for each in response.get_json()["errors"]] == [name]
            assert key not in response.get_data(as_text=True)
        assert service.get(PATH, query_string={name: key}).status_code == 401
        assert service.viewer.get(PATH, query_string={name: key}).status_code == 400


def test_the_form_of_a_key_can_be_found_by_scanners(service: Service) -> None:
    key = key_of(service.viewer)
    assert set(key) <= set(string.ascii_letters + string.digits + "_")
    assert len(key) == len("cms_") + 12 + 1 + 43 + 6


def test_no_cookie_is_set_or_read(service: Service) -> None:
    key = key_of(service.admin)
    for name in ("session", "access_token", "Authorization"):
        response = service.get(PATH, headers={"Cookie": f"{name}={key}"})
        assert response.status_code == 401
    for path in (PATH, "/api/v1/articles", "/docs"):
        assert "Set-Cookie" not in service.admin.get(path).headers
