"""Sealed tokens: they come back as they were, say nothing, and no other string is taken for one."""

import base64

import pytest

from cms.api.http.sealed_tokens import seal, unseal
from tests.service import SECRET

CONTENTS = [b"", b"a", b"\x00" * 40, *(f'["article",{number:019}]'.encode() * 5 for number in (1, 2))]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_what_is_sealed_comes_back_with_the_same_key_only() -> None:
    for content in CONTENTS:
        token = seal(SECRET, content)
        assert unseal(SECRET, token) == content
        with pytest.raises(ValueError, match="sealed"):
            unseal(SECRET + "x", token)


def test_contents_that_differ_in_a_digit_have_nothing_in_common() -> None:
    one, two = (base64.urlsafe_b64decode(seal(SECRET, content) + "==") for content in CONTENTS[-2:])
    assert len(one) == len(two) == len(CONTENTS[-1]) + 16
    assert sum(a == b for a, b in zip(one, two, strict=True)) < len(one) // 8
    # Nor does what lies over the content repeat itself, which a content of zeros shows.
    held = base64.urlsafe_b64decode(seal(SECRET, b"\x00" * 64) + "==")
    assert len({held[:16], held[16:48], held[48:80]}) == 3


def test_any_other_string_is_refused() -> None:
    token = seal(SECRET, CONTENTS[-1])
    others = {token[:place] + letter + token[place + 1 :] for place in range(len(token)) for letter in ALPHABET}
    strings = [*others - {token}, "", "A", "é", token[:-1], token[:20], token + "A", token + "=", token + "\n", "a b"]
    for string in strings:
        with pytest.raises(ValueError, match=r"."):
            unseal(SECRET, string)


def test_a_token_made_by_another_release_is_still_read() -> None:
    assert seal("s" * 32, b"harbour & reed") == "PUDiD84nxSwRhwy-bEdaAMyEOrIh94AjJp_1ASOy"


def test_equal_contents_have_equal_tokens() -> None:
    assert seal(SECRET, CONTENTS[-1]) == seal(SECRET, CONTENTS[-1])
