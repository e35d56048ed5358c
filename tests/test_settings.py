"""Settings: read once from the environment, checked at once, each documented."""

import contextlib
import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest

from cms.settings import Settings, SettingsError
from tests.processes import PATIENCE, REPOSITORY
from tests.service import SECRET


def read(**environment: str) -> Settings:
    return Settings.from_environment({"CMS_SECRET_KEY": SECRET, **environment})


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_setting_describes_itself(field: object) -> None:
    metadata = field.metadata  # type: ignore[attr-defined]
    assert metadata["variable"].startswith("CMS_")
    assert metadata["description"].endswith(".")


def test_nothing_else_reads_the_environment() -> None:
    reading = re.compile(r"getenv|os\.environ(?!\[\"CMS_\w+\"\] = )")
    readers = [path.name for path in (REPOSITORY / "cms").rglob("*.py") if reading.search(path.read_text())]
    assert readers == ["settings.py"]


def test_without_any_the_defaults_hold() -> None:
    settings = read()
    assert settings == Settings(secret_key=SECRET)
    assert settings.database_url == "sqlite:///var/cms.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.spaces == ("delivery", "preview", "management")
    assert settings.is_sqlite
    assert not settings.development


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("CMS_PUBLIC_URL", "https://cms.example/", "public_url", "https://cms.example"),
        ("CMS_PUBLIC_URL", " https://cms.example ", "public_url", "https://cms.example"),
        ("CMS_PUBLIC_URL", "   ", "public_url", "http://127.0.0.1:8000"),
        ("CMS_TRUSTED_HOSTS", "a.example, b.example,", "trusted_hosts", ("a.example", "b.example")),
        ("CMS_SPACES", "delivery", "spaces", ("delivery",)),
        ("CMS_SPACES", "delivery , preview", "spaces", ("delivery", "preview")),
        ("CMS_DEVELOPMENT", "1", "development", True),
        ("CMS_DEVELOPMENT", "true", "development", True),
        ("CMS_DEVELOPMENT", "0", "development", False),
        ("CMS_DEVELOPMENT", "", "development", False),
        ("CMS_DATABASE_URL", "sqlite:////data/site.db", "database_url", "sqlite:////data/site.db"),
    ],
)
def test_a_variable_sets_its_field(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read(**{variable: text}), name) == value


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_tested_driver(scheme: str) -> None:
    settings = read(CMS_DATABASE_URL=f"{scheme}://u:p@host/name")
    assert settings.url.drivername == "postgresql+psycopg"
    assert not settings.is_sqlite


def test_the_public_host_loopback_and_the_trusted_are_answered() -> None:
    settings = read(CMS_PUBLIC_URL="https://CMS.example:8443", CMS_TRUSTED_HOSTS="internal.example")
    assert {"cms.example", "127.0.0.1", "localhost", "internal.example"} <= set(settings.hosts)


def test_the_hosts_of_the_machine_itself_may_be_ipv6() -> None:
    assert "[2001:db8::1]" in read(CMS_PUBLIC_URL="http://[2001:db8::1]:8000").hosts


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("my_service", "my_service"),
        ("CMS.example:8000", "cms.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("bücher.example:8000", "xn--bcher-kva.example"),
        (".bücher.example", ".xn--bcher-kva.example"),
        (".example", ".example"),
        ("[2001:DB8::1]:80", "[2001:db8::1]"),
    ],
)
def test_a_trusted_host_is_compared_in_ascii_without_a_port(given: str, host: str) -> None:
    assert read(CMS_TRUSTED_HOSTS=given).hosts[-1] == host


def test_the_cache_is_set_in_whole_numbers_and_by_names() -> None:
    settings = read()
    assert (settings.cache_memory, settings.cache_staleness) == (64, 0)
    assert settings.cache_tag_headers == ("Cache-Tag", "Surrogate-Key", "Cache-Groups")
    settings = read(CMS_CACHE_MEMORY="0", CMS_CACHE_STALENESS="250", CMS_CACHE_TAG_HEADERS="Surrogate-Key, Cache-Tag")
    assert (settings.cache_memory, settings.cache_staleness) == (0, 250)
    assert settings.cache_tag_headers == ("Surrogate-Key", "Cache-Tag")
    assert read(CMS_CACHE_TAG_HEADERS="none").cache_tag_headers == ()
    assert len(read(CMS_CACHE_TAG_HEADERS="").cache_tag_headers) == 3


def test_contacts_for_reports_are_addresses_of_three_kinds() -> None:
    contacts = ("mailto:security@harbour.example", "https://harbour.example/report?a=1", "tel:+1-201-555-0123")
    assert read(CMS_SECURITY_CONTACT=", ".join(contacts)).security_contact == contacts
    assert read().security_contact == ()


@pytest.mark.parametrize(
    ("environment", "naming"),
    [
        ({"CMS_DATABASE_URL": "nonsense"}, "CMS_DATABASE_URL"),
        ({"CMS_DATABASE_URL": "oracle://u@h/n"}, "oracle"),
        ({"CMS_DATABASE_URL": "sqlite:///:memory:"}, "file"),
        ({"CMS_PUBLIC_URL": "ftp://cms.example"}, "CMS_PUBLIC_URL"),
        ({"CMS_PUBLIC_URL": "https://cms.example/a"}, "path"),
        ({"CMS_PUBLIC_URL": "https://cms.example?a=1"}, "CMS_PUBLIC_URL"),
        ({"CMS_PUBLIC_URL": "http://ä..b"}, "CMS_PUBLIC_URL"),
        *(
            ({"CMS_TRUSTED_HOSTS": f"a.example, {host}"}, "CMS_TRUSTED_HOSTS")
            for host in ("ä..b", "a..b", "*.example", "http://a.example", "a b", ".", ":80", "ä" * 70, "a\nb", "::1")
        ),
        ({"CMS_SPACES": "delivery,all"}, "all"),
        ({"CMS_CACHE_MEMORY": "much"}, "CMS_CACHE_MEMORY must be a whole number: much"),
        ({"CMS_CACHE_MEMORY": "-1"}, "CMS_CACHE_MEMORY"),
        ({"CMS_CACHE_STALENESS": "0.5"}, "CMS_CACHE_STALENESS"),
        ({"CMS_CACHE_STALENESS": "60001"}, "60000"),
        ({"CMS_CACHE_TAG_HEADERS": "Cache-Tag,X-Tags"}, "X-Tags"),
        ({"CMS_SECURITY_CONTACT": "security@harbour.example"}, "CMS_SECURITY_CONTACT"),
        ({"CMS_SECURITY_CONTACT": "tel:1,http://harbour.example"}, "http://harbour.example"),
        ({"CMS_SECURITY_CONTACT": "mailto:harbour.example"}, "mailto:harbour.example"),
        ({"CMS_SECURITY_CONTACT": "https://harbour.example/a b"}, "a b"),
        ({"CMS_SECURITY_CONTACT": "mailto:a@b.example\nExpires: never"}, "Expires"),
        ({"CMS_SECRET_KEY": "x" * 31}, "32"),
        ({"CMS_SECRET_KEY": "", "CMS_DATABASE_URL": "postgresql://u@h/n"}, "openssl rand -hex 32"),
    ],
)
def test_a_wrong_one_is_refused_in_one_line(environment: dict[str, str], naming: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(**environment)
    assert naming in str(refused.value)
    assert "\n" not in str(refused.value)


def kept(folder: Path) -> Settings:
    return Settings.from_environment({"CMS_DATABASE_URL": f"sqlite:///{folder}/var/cms.db"})


def test_a_secret_is_made_and_kept_beside_a_sqlite_database(tmp_path: Path) -> None:
    first, second = kept(tmp_path), kept(tmp_path)
    assert len(first.secret_key) >= 32
    assert first.secret_key == second.secret_key
    file = tmp_path / "var" / "secret_key"
    assert file.read_text().strip() == first.secret_key
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret_key"]


def test_two_sites_have_different_secrets(tmp_path: Path) -> None:
    assert kept(tmp_path / "one").secret_key != kept(tmp_path / "two").secret_key


def test_a_given_secret_is_not_kept(tmp_path: Path) -> None:
    environment = {"CMS_DATABASE_URL": f"sqlite:///{tmp_path}/cms.db", "CMS_SECRET_KEY": SECRET}
    assert Settings.from_environment(environment).secret_key == SECRET
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_together_share_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = secrets.token_hex

    def slowly(size: int) -> str:
        # Whoever makes the secret takes its time; the others must not read half of it.
        time.sleep(0.3)
        return made(size)

    monkeypatch.setattr(secrets, "token_hex", slowly)
    ready = threading.Barrier(8)

    def start(number: int) -> str:
        ready.wait(PATIENCE)
        time.sleep(number * 0.02)
        return kept(tmp_path).secret_key

    with ThreadPoolExecutor(8) as pool:
        shared = list(pool.map(start, range(8)))
    assert len(set(shared)) == 1
    assert len(shared[0]) >= 32


@pytest.mark.parametrize("content", ["", "short"])
def test_a_kept_secret_that_is_too_short_is_never_used(tmp_path: Path, content: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").write_text(content)
    with contextlib.suppress(SettingsError):
        assert len(kept(tmp_path).secret_key) >= 32


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(SettingsError) as refused:
        kept(tmp_path)
    assert str(tmp_path / "var") in str(refused.value)
    assert "\n" not in str(refused.value)
