"""Preview tokens: what the holder of a key signs for somebody without one, to see one entry for a while."""

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
    """What a good token gives: the entry that it opens, and the row of the key that it hangs on."""

    entry_id: str
    key: Any


def make_token(secret_key: str, key_id: str, entry_id: str, expires_at: datetime) -> str:
    """A token of this key for this entry; nothing of it is stored."""
    payload = [entry_id, key_id, clock.to_wire(expires_at)]
    return PREFIX + str(_signer(secret_key).dumps(payload))


def read_token(connection: Connection, secret_key: str, token: str, now: datetime) -> Granted | None:
    """What a token gives; ``None`` if it is not ours, has expired, or if its key could not see previews itself."""
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
