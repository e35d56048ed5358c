"""Preview tokens: the holder of a key signs one, so that somebody without a key can see one entry for a while."""

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection, select

from cms import clock
from cms.keys.model import APIKey

PREFIX = "preview_"
NEEDED = "content:preview"


class Granted(NamedTuple):
    """The content of a valid token: the entry that may be read, and the row of the key that signed it."""

    entry_id: str
    key: Any


def make_token(secret_key: str, key_id: str, entry_id: str, expires_at: datetime) -> str:
    """Make a token of this key for this entry. Nothing of it is stored."""
    payload = [entry_id, key_id, clock.to_wire(expires_at)]
    return PREFIX + str(_signer(secret_key).dumps(payload))


def read_token(connection: Connection, secret_key: str, token: str, now: datetime) -> Granted | None:
    """The content of a token; ``None`` if it is invalid or expired, or if its key can no longer read previews."""
    try:
        entry_id, key_id, expires_at = _signer(secret_key).loads(token.removeprefix(PREFIX))
    except BadData:
        return None
    if clock.from_wire(expires_at) <= now:
        return None
    row = connection.execute(select(APIKey.__table__).where(APIKey.id == key_id)).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Granted(entry_id, row) if NEEDED in row.scopes else None


@lru_cache(maxsize=4)
def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="preview-token", signer_kwargs={"digest_method": hashlib.sha256})
