"""Creates, checks, lists and revokes keys of the form ``cms_<id>_<secret><checksum>``."""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from cms.errors import Fault, Invalid, NotFound
from cms.keys.model import NAME_LENGTH, APIKey
from cms.keys.scopes import with_implied

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH = 12
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
PATTERN = re.compile(
    rf"cms_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A new key. Its secret is known only now, because it is not stored."""

    row: APIKey
    key: str


def create_key(
    session: Session, name: str, scopes: Iterable[str], now: datetime, expires_at: datetime | None = None
) -> NewKey:
    """Create a key with 256 bits of randomness, of which only a digest is stored. Raises ``Invalid`` for its name."""
    if not 1 <= len(name.strip()) <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise Invalid(Fault("invalid_name", f"A name must be one line of 1 to {NAME_LENGTH} characters.", "#/name"))
    key_id, secret = _random(ID_LENGTH), _random(SECRET_LENGTH)
    row = APIKey(
        id=key_id,
        name=name,
        secret_sha256=_digest(secret),
        scopes=sorted(with_implied(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return NewKey(row, f"cms_{key_id}_{secret}{_checksum(key_id + secret)}")


def authenticate(connection: Connection, key: str, now: datetime) -> Any | None:
    """The row of a valid key, or ``None`` for a key that is malformed, unknown, wrong, expired or revoked."""
    match = PATTERN.fullmatch(key)
    if match is None or not hmac.compare_digest(_checksum(match[1] + match[2]), match[3]):
        return None
    row = connection.execute(select(APIKey.__table__).where(APIKey.id == match[1])).one_or_none()
    # An unknown id takes the same comparison as a wrong secret, so that the time reveals nothing.
    matches = hmac.compare_digest(row.secret_sha256 if row else "0" * 64, _digest(match[2]))
    is_usable = row is not None and row.revoked_at is None and (row.expires_at is None or now < row.expires_at)
    return row if matches and is_usable else None


def note_use(session: Session, key_id: str, now: datetime) -> None:
    """Store the time of the key's last use."""
    session.execute(update(APIKey).where(APIKey.id == key_id).values(last_used_at=now))


def find_key(session: Session, key_id: str) -> APIKey:
    """The row of the key with this id. Raises ``NotFound``."""
    row = session.get(APIKey, key_id)
    if row is None:
        raise NotFound
    return row


def list_keys(session: Session | Connection) -> Sequence[Any]:
    """All keys, including revoked ones, newest first."""
    return session.execute(select(APIKey.__table__).order_by(APIKey.created_at.desc(), APIKey.id)).all()


def revoke_key(session: Session, key_id: str, now: datetime) -> bool:
    """Revoke a key at once. Return false, and change nothing, if it is revoked already. Raises ``NotFound``."""
    row = find_key(session, key_id)
    if row.revoked_at is not None:
        return False
    row.revoked_at = now
    return True


def logged_values(row: APIKey) -> dict[str, Any]:
    """The values of a new key that the audit log stores. The secret and its digest are not among them."""
    return {"name": row.name, "scopes": row.scopes, "expires_at": row.expires_at}


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(text: str) -> str:
    """CRC-32 in base 62. It detects mistyped keys, and scanners for leaked secrets recognise keys by it."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
