"""Keeps answers in memory, up to a limit in bytes. The least recently used answer is dropped first."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from sys import getsizeof

from cms.api.answers.version_watch import VersionReading

Header = tuple[str, str]
Key = tuple[str, str, str]

# An answer is made again after a day, because some answers depend on the date.
LONGEST = timedelta(days=1)
# One answer may take up at most this fraction of the memory: 16 means a sixteenth.
LARGEST_SHARE = 16
# The memory of the objects that make up an answer, and of its key.
OVERHEAD_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Variant:
    """An answer in one content coding: its body, and the headers that are the same for every request."""

    body: bytes
    headers: Sequence[Header]

    @property
    def size(self) -> int:
        """The size in bytes of memory."""
        return getsizeof(self.body) + header_size(self.headers)


@dataclass(frozen=True, slots=True)
class Validity:
    """The time in which an answer is valid: from ``at`` until ``content`` or a scheduled change makes it outdated.

    ``content`` is the version of the content that the answer was made from.
    """

    content: int
    at: datetime
    next_change: datetime | None

    def holds(self, reading: VersionReading) -> bool:
        """True if the application would give the same answer now."""
        return (
            self.content == reading.content
            and self.at <= reading.at < self.at + LONGEST
            and (self.next_change is None or reading.at < self.next_change)
        )


ALWAYS = Validity(0, datetime.min.replace(tzinfo=UTC), None)
"""The validity of an answer that stays the same while the process runs. It is never checked."""


@dataclass(slots=True)
class KeptAnswer:
    """An answer of the application, in the codings that clients have requested so far.

    Only an answer with a ``validity`` can be kept.
    """

    status: str
    media_type: str
    etag: str | None
    """The strong tag, in its quotes, of the body without a coding."""
    is_coded: bool
    """True if it is worthwhile to compress the body."""
    repeated: Sequence[Header]
    """The headers that a 304 in place of this answer has too, beside the tag."""
    variants: dict[str, Variant]
    validity: Validity | None = None
    size: int = field(default=0, init=False)
    """The bytes of memory that it takes up in an ``AnswerMemory``; 0 if it is in none."""


class AnswerMemory:
    """Kept answers by key, for all threads of a process. With a limit of 0 bytes it keeps nothing."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.size = 0
        self._answers: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, key: Key) -> KeptAnswer | None:
        """The answer of this key, which becomes the most recently used one. The caller checks if it is still valid."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def keep(self, key: Key, answer: KeptAnswer) -> bool:
        """Keep an answer in place of the present one; return false if it is not kept.

        An answer is not kept if it is too large, or if it was made from older content than the present one.
        """
        size = OVERHEAD_BYTES + sum(map(getsizeof, key)) + header_size(answer.repeated)
        size += sum(each.size for each in answer.variants.values())
        with self._lock:
            present = self._answers.get(key)
            if size > self.most_bytes // LARGEST_SHARE or (present is not None and _is_newer(present, answer)):
                return False
            self._remove(key)
            self._answers[key] = answer
            answer.size = size
            self.size += size
            self._make_room()
        return True

    def add(self, answer: KeptAnswer, coding: str, variant: Variant) -> None:
        """Keep an answer in one more coding, if the answer is still kept and does not become too large."""
        with self._lock:
            if coding in answer.variants or not answer.size:
                return
            if answer.size + variant.size <= self.most_bytes // LARGEST_SHARE:
                answer.variants[coding] = variant
                answer.size += variant.size
                self.size += variant.size
                self._make_room()

    def clear(self) -> None:
        """Drop every answer."""
        with self._lock:
            for key in list(self._answers):
                self._remove(key)

    def _make_room(self) -> None:
        while self.size > self.most_bytes:
            self._remove(next(iter(self._answers)))

    def _remove(self, key: Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self.size -= answer.size
            answer.size = 0


def header_size(headers: Sequence[Header]) -> int:
    """The most bytes of memory that a list of headers takes up. Equal strings may be shared, which takes up less."""
    return getsizeof(headers) + sum(getsizeof(each) + getsizeof(each[0]) + getsizeof(each[1]) for each in headers)


def _is_newer(answer: KeptAnswer, other: KeptAnswer) -> bool:
    if answer.validity is None or other.validity is None:
        return False
    return answer.validity.content > other.validity.content
