"""The documents of the releases, which nothing changes any more, and the breaks that the release notes admit."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cms.version import VERSION
from tests.contract.documents import JSONObject
from tests.contract.operations import breaks_between
from tests.contract.rules import Break

ROOT = Path(__file__).parent.parent.parent
CURRENT = "openapi/v1.json"
RELEASES = "openapi/releases"
DIGESTS = "SHA256SUMS"
NOTES = "CHANGELOG.md"
UNRELEASED = "Unreleased"
BREAKING = "Breaking changes"
NAMED = re.compile(r"^- `([^`]+)`", re.MULTILINE)
RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class ReleaseError(Exception):
    """A document cannot be kept."""


@dataclass(frozen=True)
class Releases:
    """The documents and release notes below a folder, which is the repository's own unless a test says otherwise."""

    root: Path = ROOT
    current: str = VERSION
    """The version that :meth:`keep` keeps."""

    @property
    def folder(self) -> Path:
        return self.root / RELEASES

    def versions(self) -> list[str]:
        """The versions whose document is kept, oldest first."""
        found = [path.stem for path in self.folder.glob("*.json")]
        return sorted(found, key=lambda version: tuple(map(int, version.split("."))))

    def document(self, version: str) -> JSONObject:
        """The document of a release."""
        return _read(self._path(version))

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each document as it was when it was kept, in the form that ``sha256sum --check`` reads."""
        path = self.folder / DIGESTS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return {name: digest for digest, name in (line.split("  ") for line in lines)}

    def changed(self) -> list[str]:
        """The documents that are not what they were when they were kept, those without a digest included."""
        digests = self.digests()
        present = {path.name: _digest(path.read_bytes()) for path in self.folder.glob("*.json")}
        return sorted(name for name in digests.keys() | present.keys() if digests.get(name) != present.get(name))

    def keep(self) -> str:
        """Keep the current document as that of the current version; raises ``ReleaseError``."""
        version = self.current
        if not RELEASE.fullmatch(version):
            raise ReleaseError(f"{version} is not the version of a release.")
        path = self._path(version)
        content = _compact(_read(self.root / CURRENT))
        if path.exists() and path.read_bytes() != content:
            raise ReleaseError(f"{version} is released, and its document does not change; raise the version first.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digests = self.digests() | {path.name: _digest(content)}
        lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
        (self.folder / DIGESTS).write_text("".join(lines), encoding="utf-8")
        return version

    def named_breaks(self) -> list[str]:
        """The ids of the breaks that the release notes name under the unreleased version."""
        notes = (self.root / NOTES).read_text(encoding="utf-8")
        return NAMED.findall(_section(_section(notes, "##", UNRELEASED), "###", BREAKING))

    def check(self) -> "Verdict":
        """Compare the current document with that of the newest release."""
        version = self.versions()[-1]
        found = breaks_between(self.document(version), _read(self.root / CURRENT))
        named = self.named_breaks()
        known = {each.id for each in found}
        return Verdict(
            version,
            [each for each in found if each.id not in named],
            [each for each in named if each not in known],
            len(known & set(named)),
        )

    def _path(self, version: str) -> Path:
        return self.folder / f"{version}.json"


@dataclass(frozen=True)
class Verdict:
    """What a comparison with the newest release says."""

    version: str
    unnamed: list[Break]
    """Breaks that the release notes do not name."""
    idle: list[str]
    """What the release notes name as a break, and is none."""
    named: int

    @property
    def is_good(self) -> bool:
        return not self.unnamed and not self.idle

    def lines(self) -> Iterator[str]:
        """The verdict for people."""
        for each in self.unnamed:
            yield from told(each)
        for name in self.idle:
            yield f"{NOTES} names a break that there is not: {name}"
        if self.unnamed:
            yield (
                f"{len(self.unnamed)} changes since {self.version} would break a client. Undo them or, if there is no "
                f"other way, name each in {NOTES} under “## {UNRELEASED}”, “### {BREAKING}”, as a line that begins "
                "with its id: - `id` Why, and what a client does about it."
            )
        if self.is_good:
            named = f", but for {self.named} that {NOTES} names" if self.named else ""
            yield f"No change since {self.version} breaks a client{named}."


def told(each: Break) -> Iterator[str]:
    """A break in lines: its id, what changed, who is reached, and what to do instead."""
    yield each.id
    yield f"    {each.detail}"
    shown = ", ".join(each.operations[:5])
    more = len(each.operations) - 5
    yield f"    Reaches {shown}{f' and {more} more' if more > 0 else ''}."
    yield f"    {each.advice}"


def headings(notes: str) -> list[str]:
    """The versions that the release notes have a part for, newest first."""
    return re.findall(rf"^## \[?({RELEASE.pattern})\b", notes, re.MULTILINE)


def _section(text: str, marks: str, title: str) -> str:
    """The lines below a heading, up to the next one of the same or of a higher level; empty without the heading."""
    found: list[str] = []
    is_within = False
    for line in text.splitlines():
        level = len(line) - len(line.lstrip("#"))
        if 0 < level <= len(marks):
            is_within = line == f"{marks} {title}"
        elif is_within:
            found.append(line)
    return "\n".join(found)


def _read(path: Path) -> JSONObject:
    return cast("JSONObject", json.loads(path.read_bytes()))


def _compact(document: JSONObject) -> bytes:
    """Without spaces; not compressed, since git stores the next release as its difference from this one."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
