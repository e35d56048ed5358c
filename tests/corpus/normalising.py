"""What differs from run to run in an answer, replaced by names that do not: instants, ids, secrets, cursors, tags.

A generated value is named after the request whose answer showed it first. The same value has the same name wherever it
comes back, so that a comparison of names is a comparison of identities.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2027, 6, 1, 12, 0, tzinfo=UTC)
"""When every run begins, by the service's clock. Instants that the requests name themselves are at half past."""
HOUR = timedelta(hours=1)
LONGEST_RUN = timedelta(minutes=10)
AROUND = timedelta(days=30)

OWN_ID = "00000000-0000-4000-8000-"
"""The beginning of the ids that the requests choose themselves."""
FIXED_ID = re.compile(rf"{OWN_ID}|[0-9a-f]{{4}}c0de-0000-7000-")
"""The beginning of the ids that stay as they are: those, and the examples of the contract."""

GENERATED = re.compile(
    r"(?P<key>cms_[A-Za-z0-9]{6,}_[A-Za-z0-9_-]{20,})"
    r"|(?P<token>preview_[\w.-]{40,})"
    r'|(?P<cursor>(?:(?<="next":")|(?<=cursor=)|(?<=since=)|(?<=\nid: )|(?<=Last-Event-ID: ))[\w.%=-]{24,})'
    r"|(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r'|(?P<key_id>(?:(?<="id":")|(?<=/manage/keys/)|(?<=[?&]key=))[A-Za-z0-9]{12}(?![A-Za-z0-9-]))'
    r"|(?P<tag>(?<![0-9a-zA-Z-])[0-9a-f]{32}(?![0-9a-zA-Z]))"
    r"|(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<date>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4}))"
)


class Names:
    """The names of what was generated in one run, by the order in which the answers showed it."""

    def __init__(self) -> None:
        self.place = ""
        """The request whose answer is read."""
        self._known: dict[str, str] = {}
        self._fixed_tags: set[str] = set()
        self._number = 0

    def read(self, place: str) -> None:
        """Go on to the answer to another request."""
        self.place, self._number = place, 0

    def keep_tag(self, tag: str) -> None:
        """Leave an entity tag as it is: it is a digest of a body in which nothing was generated."""
        self._fixed_tags.add(tag)

    def applied(self, text: str) -> str:
        """The text with names for all that was generated."""
        return GENERATED.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        kind, value = str(match.lastgroup), match[0]
        if kind in ("instant", "date"):
            return _named_instant(value, PARSERS[kind])
        if (kind == "id" and FIXED_ID.match(value)) or (kind == "tag" and value in self._fixed_tags):
            return value
        if value not in self._known:
            self._number += 1
            self._known[value] = f"<{kind} {self.place}.{self._number}>"
        return self._known[value]


def _http_date(text: str) -> datetime:
    return datetime.strptime(text.replace("GMT", "+0000"), "%a, %d %b %Y %H:%M:%S %z")


PARSERS: dict[str, Callable[[str], datetime]] = {"instant": datetime.fromisoformat, "date": _http_date}


def _named_instant(text: str, parse: Callable[[str], datetime]) -> str:
    """Hours since the beginning, for an instant that a clock gave; any other stays as it was written."""
    try:
        moment = parse(text)
    except ValueError:
        return text
    hours, rest = divmod(moment - START, HOUR)
    if abs(moment - START) > AROUND or rest > LONGEST_RUN:
        return text
    return f"<now{hours:+} h>" if hours else "<now>"
