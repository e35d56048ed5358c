"""Answers kept in memory, the least recently used given up first, within a bound in bytes."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from sys import getsizeof

from cms.api.answers.version_watch import VersionReading

Header = tuple[str, str]
Key = tuple[str, str, str]

# After a day an answer is made again, so that what follows from the date alone is right to the day.
LONGEST = timedelta(days=1)
LARGEST_SHARE = 16
# The objects that hold an answer together, and its place in the store.
OVERHEAD_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Variant:
    """An answer in one content coding: its body, and every header that stays the same."""

    body: bytes
    headers: Sequence[Header]

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return getsizeof(self.body) + header_size(self.headers)


@dataclass(frozen=True, slots=True)
class Validity:
    """When an answer is right: while ``content`` stands, from ``at`` on, before the next scheduled change."""

    content: int
    at: datetime
    next_change: datetime | None

    def holds(self, standing: VersionReading) -> bool:
        """Whether the application would answer the same now."""
        return (
            self.content == standing.content
            and self.at <= standing.at < self.at + LONGEST
            and (self.next_change is None or standing.at < self.next_change)
        )


ALWAYS = Validity(0, datetime.min.replace(tzinfo=UTC), None)
"""Of what is the same for as long as the process runs: nobody is asked whether it holds."""


@dataclass(slots=True)
class KeptAnswer:
    """An answer of the application, in the codings that it was asked for in so far.

    Only one with a ``validity`` can be kept.
    """

    status: str
    media_type: str
    etag: str | None
    """The strong tag, in its quotes, of the body without a coding."""
    is_coded: bool
    """Whether the body is worth a content coding."""
    repeated: Sequence[Header]
    """The headers that a 304 in place of it has too, beside the tag."""
    variants: dict[str, Variant]
    validity: Validity | None = None
    size: int = field(default=0, init=False)
    """What it counts for in the store; 0 outside."""


class AnswerMemory:
    """Pages by key, for all threads of a process. A bound of 0 bytes keeps nothing."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.size = 0
        self._pages: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: Key) -> KeptAnswer | None:
        """The page of this key, which is now the most recently used one; nobody has asked whether it still holds."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, key: Key, page: KeptAnswer) -> bool:
        """Put a page in the place of the one before; says whether there is room for one so large.

        A page made of older content than the one that is there does not replace it.
        """
        size = OVERHEAD_BYTES + sum(map(getsizeof, key)) + header_size(page.repeated)
        size += sum(each.size for each in page.variants.values())
        with self._lock:
            before = self._pages.get(key)
            if size > self.most_bytes // LARGEST_SHARE or (before is not None and _is_newer(before, page)):
                return False
            self._remove(key)
            self._pages[key] = page
            page.size = size
            self.size += size
            self._make_room()
        return True

    def add(self, page: KeptAnswer, coding: str, variant: Variant) -> None:
        """Keep a page's body in one more coding, if the page is here and its share allows it."""
        with self._lock:
            if coding in page.variants or not page.size:
                return
            if page.size + variant.size <= self.most_bytes // LARGEST_SHARE:
                page.variants[coding] = variant
                page.size += variant.size
                self.size += variant.size
                self._make_room()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for key in list(self._pages):
                self._remove(key)

    def _make_room(self) -> None:
        while self.size > self.most_bytes:
            self._remove(next(iter(self._pages)))

    def _remove(self, key: Key) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.size -= page.size
            page.size = 0


def header_size(headers: Sequence[Header]) -> int:
    """Bytes of memory of a list of headers, at most: equal texts may be shared."""
    return getsizeof(headers) + sum(getsizeof(each) + getsizeof(each[0]) + getsizeof(each[1]) for each in headers)


def _is_newer(page: KeptAnswer, other: KeptAnswer) -> bool:
    return page.validity is not None and other.validity is not None and page.validity.content > other.validity.content
