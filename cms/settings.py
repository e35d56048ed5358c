"""The settings, read from environment variables. Only this module reads the environment."""

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cms.identifiers import HOST

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
SECRET_LENGTH = 32
SPACES = ("delivery", "preview", "management")
CACHE_TAG_HEADERS = ("Cache-Tag", "Surrogate-Key", "Cache-Groups")
STALENESS_AT_MOST = 60_000
# A URI (RFC 3986) of a contact as RFC 9116 requires it: an email address, a web page or a telephone number.
CONTACT = re.compile(r"(mailto:[\w.~!$&'*+%-]+@|https://|tel:\+?)[\w.~:/?#\[\]@!$&'()*+;=%-]+", re.ASCII)
# The value of an empty list; an empty variable counts as not set.
EMPTY_LIST = "none"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class SettingsError(Exception):
    """A setting is missing or invalid; the message is one line for the operator."""


def _setting(variable: str, description: str, default: Any) -> Any:
    return field(default=default, metadata={"variable": variable, "description": description})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of the service; each field has the name of its variable and a description."""

    database_url: str = _setting(
        "CMS_DATABASE_URL",
        "`sqlite:///path` or `postgresql://user:password@host/name`.",
        "sqlite:///var/cms.db",
    )
    public_url: str = _setting(
        "CMS_PUBLIC_URL",
        "The address clients use; every absolute URL of the API is built from it.",
        "http://127.0.0.1:8000",
    )
    secret_key: str = _setting(
        "CMS_SECRET_KEY",
        "Signs cursors and tokens, which become invalid when it changes; at least 32 characters. Required with "
        "PostgreSQL; with SQLite, one is made and kept beside the database.",
        "",
    )
    trusted_hosts: tuple[str, ...] = _setting(
        "CMS_TRUSTED_HOSTS",
        "Comma-separated `Host` values that are allowed, besides the host of the public URL and loopback; any other is "
        "refused with 400.",
        (),
    )
    spaces: tuple[str, ...] = _setting(
        "CMS_SPACES",
        "Comma-separated: `delivery`, `preview`, `management`. With `delivery` alone, the node is read-only.",
        SPACES,
    )
    development: bool = _setting(
        "CMS_DEVELOPMENT",
        "`1` adds the header `Server-Timing`, with the time and number of database statements, to every answer.",
        False,
    )
    cache_memory: int = _setting(
        "CMS_CACHE_MEMORY",
        "Megabytes of delivery answers that each process keeps in memory; `0` keeps none.",
        64,
    )
    cache_staleness: int = _setting(
        "CMS_CACHE_STALENESS",
        "Milliseconds for which a kept answer is sent without asking the database if it is valid; `0` always asks.",
        0,
    )
    cache_tag_headers: tuple[str, ...] = _setting(
        "CMS_CACHE_TAG_HEADERS",
        "Comma-separated: the headers that list the tags of an answer, for purging caches by tag; `none` for none.",
        CACHE_TAG_HEADERS,
    )
    security_contact: tuple[str, ...] = _setting(
        "CMS_SECURITY_CONTACT",
        "Comma-separated, preferred first: `mailto:`, `https://` or `tel:` addresses for reports of vulnerabilities, "
        "published in `/.well-known/security.txt`.",
        (),
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check the settings, and make a missing secret; raises ``SettingsError`` for an invalid one."""
        given = {
            each.name: _parse(each.metadata["variable"], environment[each.metadata["variable"]].strip(), each.default)
            for each in fields(cls)
            if environment.get(each.metadata["variable"], "").strip()
        }
        settings = cls(**given)
        settings = replace(settings, public_url=settings.public_url.rstrip("/"))
        settings._check()
        return settings if settings.secret_key else settings._with_kept_secret()

    @property
    def url(self) -> URL:
        """The URL of the database with the driver that the project is tested with."""
        url = make_url(self.database_url)
        return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def hosts(self) -> tuple[str, ...]:
        """All ``Host`` values that are allowed, in lower-case ASCII, without ports."""
        return tuple(map(_plain_host, (self._own_host, *LOOPBACK_HOSTS, *self.trusted_hosts)))

    @property
    def _own_host(self) -> str:
        own = urlsplit(self.public_url).hostname or ""
        return f"[{own}]" if ":" in own else own

    def _check(self) -> None:
        self._check_database_url()
        self._check_public_url()
        self._check_hosts()
        if not self.spaces:
            raise SettingsError(f"CMS_SPACES must name at least one of: {', '.join(SPACES)}")
        if unknown := sorted(set(self.spaces) - set(SPACES)):
            raise SettingsError(f"CMS_SPACES has an unknown space: {unknown[0]}; use {', '.join(SPACES)}")
        self._check_cache()
        if invalid := [each for each in self.security_contact if not CONTACT.fullmatch(each)]:
            raise SettingsError(
                f"CMS_SECURITY_CONTACT must have mailto:, https:// or tel: addresses, not {invalid[0]!a}"
            )
        if self.secret_key and len(self.secret_key) < SECRET_LENGTH:
            raise SettingsError(f"CMS_SECRET_KEY must have at least {SECRET_LENGTH} characters")
        if not self.secret_key and not self.is_sqlite:
            raise SettingsError("CMS_SECRET_KEY is required with PostgreSQL; make one with: openssl rand -hex 32")

    def _check_cache(self) -> None:
        if self.cache_memory < 0:
            raise SettingsError("CMS_CACHE_MEMORY must not be negative; 0 keeps nothing in memory")
        if not 0 <= self.cache_staleness <= STALENESS_AT_MOST:
            raise SettingsError(f"CMS_CACHE_STALENESS must be between 0 and {STALENESS_AT_MOST} milliseconds")
        if unknown := sorted(set(self.cache_tag_headers) - set(CACHE_TAG_HEADERS)):
            known = ", ".join(CACHE_TAG_HEADERS)
            raise SettingsError(f"CMS_CACHE_TAG_HEADERS has an unknown header: {unknown[0]}; use {known}, or none")

    def _check_database_url(self) -> None:
        try:
            url = self.url
        except (ArgumentError, ValueError) as error:
            raise SettingsError(
                "CMS_DATABASE_URL is not a database URL; for example, use sqlite:///var/cms.db"
            ) from error
        if url.drivername not in DRIVERS:
            raise SettingsError(
                f"CMS_DATABASE_URL has an unsupported driver, {url.drivername}; use sqlite:///… or postgresql://…"
            )
        if self.is_sqlite and url.database in (None, "", ":memory:"):
            raise SettingsError("CMS_DATABASE_URL must name a file, since several processes share the database")

    def _check_public_url(self) -> None:
        try:
            parts = urlsplit(self.public_url)
            is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError as error:
            raise SettingsError(f"CMS_PUBLIC_URL is not an http or https address: {self.public_url}") from error
        if not is_address or parts.query or parts.fragment or "@" in parts.netloc:
            raise SettingsError(f"CMS_PUBLIC_URL is not an http or https address: {self.public_url}")
        if parts.path not in ("", "/"):
            raise SettingsError("CMS_PUBLIC_URL must not have a path; the API is at the root of its host")

    def _check_hosts(self) -> None:
        given = [("CMS_PUBLIC_URL", self._own_host), *(("CMS_TRUSTED_HOSTS", each) for each in self.trusted_hosts)]
        for variable, host in given:
            try:
                _plain_host(host)
            except ValueError as error:
                raise SettingsError(f"{variable} has an invalid host: {host!a}") from error

    def _with_kept_secret(self) -> Self:
        path = Path(self.url.database or "").parent / "secret_key"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_once(path, secrets.token_hex(32))
            secret = path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise SettingsError(f"CMS_SECRET_KEY is not set and {path} cannot be used: {error.strerror}") from error
        if len(secret) < SECRET_LENGTH:
            raise SettingsError(f"{path} has fewer than {SECRET_LENGTH} characters; delete it, and a new one is made")
        return replace(self, secret_key=secret)


def _plain_host(host: str) -> str:
    """A host as it is compared; a leading dot is kept. Raises ``ValueError`` for an invalid host."""
    name, colon, port = host.removeprefix(".").partition(":")
    # The codec also refuses empty and too long labels, even in ASCII names.
    found = HOST.fullmatch(f"{name.encode('idna').decode()}{colon}{port}")
    if found is None:
        raise ValueError(host)
    return f".{found[1].lower()}" if host.startswith(".") else found[1].lower()


def _write_once(path: Path, text: str) -> None:
    """Create the file completely or not at all. If several processes start at once, one of them creates it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()


def _parse(variable: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return text.lower() in ("1", "true", "yes", "on")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            raise SettingsError(f"{variable} must be a whole number: {text}") from error
    if isinstance(default, tuple):
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        return () if parts == (EMPTY_LIST,) else parts
    return text
