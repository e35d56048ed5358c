"""Tokens that say nothing to whoever holds them, and that nobody else can make.

Deterministic authenticated encryption with a synthetic nonce (Rogaway and Shrimpton's SIV, as in RFC 5297), built of
one pseudorandom function, HMAC-SHA256: the nonce is the tag of the content, and the content is masked by the function
of nonce and block number, under another key. Two contents share a mask only if their tags of 128 bits are the same;
all that can be learnt from tokens is their length, and which are of the same content.
"""

import base64
import hmac
from functools import lru_cache

TAG_BYTES = 16
BLOCK_BYTES = 32


def seal(secret_key: str, content: bytes) -> str:
    """The content as a token of letters, digits, hyphens and underscores, a third longer than tag and content."""
    tag_key, mask_key = _keys(secret_key)
    tag = _digest(tag_key, content)[:TAG_BYTES]
    return base64.urlsafe_b64encode(tag + _masked(mask_key, tag, content)).rstrip(b"=").decode()


def unseal(secret_key: str, token: str) -> bytes:
    """The content of a token that ``seal`` made with the same key; raises ``ValueError`` for any other string."""
    held = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    _, mask_key = _keys(secret_key)
    content = _masked(mask_key, held[:TAG_BYTES], held[TAG_BYTES:])
    if not hmac.compare_digest(seal(secret_key, content), token):
        raise ValueError("It was not sealed with this key.")
    return content


def _masked(key: bytes, tag: bytes, content: bytes) -> bytes:
    """The content with a mask laid over it, or taken from it."""
    blocks = range(-(-len(content) // BLOCK_BYTES))
    mask = b"".join(_digest(key, tag + number.to_bytes(8)) for number in blocks)[: len(content)]
    return (int.from_bytes(content) ^ int.from_bytes(mask)).to_bytes(len(content))


@lru_cache(maxsize=4)
def _keys(secret_key: str) -> tuple[bytes, bytes]:
    """Those for tags and for masks, of which nothing else is made."""
    return _digest(secret_key.encode(), b"sealing: tags"), _digest(secret_key.encode(), b"sealing: masks")


def _digest(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")
