"""Marks what was found in plain text, as HTML that holds no other element than ``mark``."""

import html
import re
from collections.abc import Iterator, Sequence

from cms.search.analysis import composed, places_of
from cms.search.parsing import Branch, Phrase

SNIPPET_WORDS = 30
LEAD_WORDS = 6
"""How many words of a snippet stand before the first that is marked."""
SNIPPET_CHARACTERS = 400
REACHES = (8_000, 50_000)
"""How many characters of a text are read for its snippet: few first, which do mostly, and more where they do not."""
MOST_CONSIDERED = 50
"""How many places of a text compete for its snippet."""

Span = tuple[int, int]


def highlighted(text: str, branch: Branch) -> str:
    """The whole text with the words of the query marked, if it has any of them."""
    text = composed(text)
    stems, places = places_of(text, branch.locale)
    marks = [_characters(places, each) for each in _found(stems, branch.wanted)]
    return _marked(text, marks, 0, len(text))


def snippet(text: str, branch: Branch) -> str | None:
    """The part of the text with most of the query's words in it, marked; ``None`` when it has none in its reach."""
    text = composed(text)
    stems, places, found = _looked_through(text, branch)
    if not found:
        return None
    first = _densest(stems, found)
    begin = max(0, min(first - LEAD_WORDS, len(stems) - SNIPPET_WORDS))
    last = min(begin + SNIPPET_WORDS, len(stems)) - 1
    start = 0 if begin == 0 else places[begin].start()
    end = len(text) if last == len(stems) - 1 else places[last].end()
    # A "word" of a page's length, or a page of signs between two, makes no long snippet.
    start = max(start, places[first].start() - SNIPPET_CHARACTERS // 2)
    end = min(end, max(start + SNIPPET_CHARACTERS, places[first].end()))
    marks = [_characters(places, each) for each in found]
    before, after = "… " if start > 0 else "", " …" if end < len(text) else ""
    return before + _marked(text, marks, start, end) + after


def _looked_through(text: str, branch: Branch) -> tuple[list[str], list[re.Match[str]], list[Span]]:
    """The words of as much of the text as has any of the query's, where each stands, and which of them are those."""
    for reach in REACHES:
        read = text if reach >= len(text) else text[:reach].rsplit(maxsplit=1)[0]
        stems, places = places_of(read, branch.locale)
        found = _found(stems, branch.wanted)
        if found or reach >= len(text):
            break
    return stems, places, found


def _found(stems: Sequence[str], wanted: Sequence[Phrase]) -> list[Span]:
    """Where phrases stand, as the first word and the one after the last, in order; none overlaps the one before."""
    beginning: dict[str, list[Phrase]] = {}
    for phrase in sorted(wanted, key=len, reverse=True):
        beginning.setdefault(phrase[0], []).append(phrase)
    found: list[Span] = []
    for position in [position for position, stem in enumerate(stems) if stem in beginning]:
        if found and position < found[-1][1]:
            continue
        for phrase in beginning[stems[position]]:
            if tuple(stems[position : position + len(phrase)]) == phrase:
                found.append((position, position + len(phrase)))
                break
    return found


def _densest(stems: Sequence[str], found: Sequence[Span]) -> int:
    """The found word with most different words of the query near behind it; the first such."""
    considered = found[:MOST_CONSIDERED]

    def variety(start: int) -> int:
        near = (each for each in considered if start <= each[0] < start + SNIPPET_WORDS - LEAD_WORDS)
        return len({stems[position] for begin, end in near for position in range(begin, end)})

    return max((begin for begin, _ in considered), key=lambda begin: (variety(begin), -begin))


def _characters(places: Sequence[re.Match[str]], found: Span) -> Span:
    """The characters of a phrase, what separates its words included."""
    return places[found[0]].start(), places[found[1] - 1].end()


def _marked(text: str, marks: Sequence[Span], start: int, end: int) -> str:
    return "".join(_pieces(text, marks, start, end))


def _pieces(text: str, marks: Sequence[Span], start: int, end: int) -> Iterator[str]:
    """Every piece is escaped by itself, so that nothing of the text can be taken for a mark."""
    for begin, stop in marks:
        if begin < start or stop > end:
            continue
        yield html.escape(text[start:begin])
        yield f"<mark>{html.escape(text[begin:stop])}</mark>"
        start = stop
    yield html.escape(text[start:end])
