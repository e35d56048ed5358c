"""Sealed tokens: the holder of one can neither read it nor make another.

They are encrypted with AES-SIV (RFC 5297), which is deterministic and authenticated: equal contents have equal tokens.
A token shows the length of its content, and nothing else.
"""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 64
"""A key of this length selects AES-256: AES-SIV uses one half for the tag and the other half for the encryption."""


def seal(secret_key: str, content: bytes) -> str:
    """Encrypt the content as a token of letters, digits, hyphens and underscores.

    The token is 16 bytes longer than the content, and base64url makes it another third longer.
    """
    return _encoded(_cipher(secret_key).encrypt(content, None))


def unseal(secret_key: str, token: str) -> bytes:
    """Decrypt a token that ``seal`` made with the same key; raises ``ValueError`` for any other string."""
    sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    if _encoded(sealed) != token:
        raise ValueError("The token is not in canonical base64url.")
    try:
        return _cipher(secret_key).decrypt(sealed, None)
    except InvalidTag:
        raise ValueError("The token was not sealed with this key.") from None


def _encoded(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> AESSIV:
    """The cipher, with a key that is derived from the secret key for these tokens alone (HKDF, RFC 5869)."""
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"sealed tokens")
    return AESSIV(derivation.derive(secret_key.encode()))
