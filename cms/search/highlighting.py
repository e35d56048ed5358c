"""Marks the found words in plain text, as HTML with no other element than ``mark``."""

import html
import re
from collections.abc import Iterator, Sequence

from cms.search.analysis import composed, places_of
from cms.search.parsing import Branch, Phrase

SNIPPET_WORDS = 30
LEAD_WORDS = 6
"""The number of words in a snippet before the first marked word."""
SNIPPET_CHARACTERS = 400
REACHES = (8_000, 50_000)
"""The numbers of characters that are read to make a snippet. The second is used if the first holds no found word."""
MOST_CONSIDERED = 50
"""The number of found places that are compared to choose a snippet."""

Span = tuple[int, int]
"""A start and an end, as positions of words or of characters."""


def highlighted(text: str, branch: Branch) -> str:
    """The whole text with the words of the query marked."""
    text = composed(text)
    stems, places = places_of(text, branch.locale)
    spans = [_characters(places, each) for each in _found(stems, branch.wanted)]
    return _marked(text, spans, 0, len(text))


def snippet(text: str, branch: Branch) -> str | None:
    """The part of the text with most of the query's words, marked; ``None`` if none is in the part that is read."""
    text = composed(text)
    stems, places, found = _read(text, branch)
    if not found:
        return None
    first = _densest(stems, found)
    begin = max(0, min(first - LEAD_WORDS, len(stems) - SNIPPET_WORDS))
    last = min(begin + SNIPPET_WORDS, len(stems)) - 1
    start = 0 if begin == 0 else places[begin].start()
    end = len(text) if last == len(stems) - 1 else places[last].end()
    # A very long "word", or a long run of punctuation between two words, must not make the snippet long.
    start = max(start, places[first].start() - SNIPPET_CHARACTERS // 2)
    end = min(end, max(start + SNIPPET_CHARACTERS, places[first].end()))
    spans = [_characters(places, each) for each in found]
    before, after = "… " if start > 0 else "", " …" if end < len(text) else ""
    return before + _marked(text, spans, start, end) + after


def _read(text: str, branch: Branch) -> tuple[list[str], list[re.Match[str]], list[Span]]:
    """The stems of the part of the text that is read, their matches, and the spans of words that were found."""
    for reach in REACHES:
        part = text if reach >= len(text) else text[:reach].rsplit(maxsplit=1)[0]
        stems, places = places_of(part, branch.locale)
        found = _found(stems, branch.wanted)
        if found or reach >= len(text):
            break
    return stems, places, found


def _found(stems: Sequence[str], wanted: Sequence[Phrase]) -> list[Span]:
    """The spans of words where phrases occur, in order and without overlaps. The end is the word after the last."""
    by_first_stem: dict[str, list[Phrase]] = {}
    for phrase in sorted(wanted, key=len, reverse=True):
        by_first_stem.setdefault(phrase[0], []).append(phrase)
    found: list[Span] = []
    for position in [position for position, stem in enumerate(stems) if stem in by_first_stem]:
        if found and position < found[-1][1]:
            continue
        for phrase in by_first_stem[stems[position]]:
            if tuple(stems[position : position + len(phrase)]) == phrase:
                found.append((position, position + len(phrase)))
                break
    return found


def _densest(stems: Sequence[str], found: Sequence[Span]) -> int:
    """The first found word that has the most different words of the query close behind it."""
    considered = found[:MOST_CONSIDERED]

    def variety(start: int) -> int:
        near = (each for each in considered if start <= each[0] < start + SNIPPET_WORDS - LEAD_WORDS)
        return len({stems[position] for begin, end in near for position in range(begin, end)})

    return max((begin for begin, _ in considered), key=lambda begin: (variety(begin), -begin))


def _characters(places: Sequence[re.Match[str]], found: Span) -> Span:
    """The characters of a phrase, with everything between its words."""
    return places[found[0]].start(), places[found[1] - 1].end()


def _marked(text: str, spans: Sequence[Span], start: int, end: int) -> str:
    return "".join(_pieces(text, spans, start, end))


def _pieces(text: str, spans: Sequence[Span], start: int, end: int) -> Iterator[str]:
    """The pieces of the HTML. Each is escaped by itself, so that the text cannot contain a mark."""
    for begin, stop in spans:
        if begin < start or stop > end:
            continue
        yield html.escape(text[start:begin])
        yield f"<mark>{html.escape(text[begin:stop])}</mark>"
        start = stop
    yield html.escape(text[start:end])
