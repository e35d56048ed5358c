"""Limits the cost of parsing a document, before the sanitiser parses it.

The parsing rules of the HTML standard take quadratic time for deeply nested elements, and copy every open formatting
element into every following paragraph. This module reads the source once, in linear time, and writes its allowed tags
and its text so that no later parser can see other tags than the ones counted here. It is not a sanitiser: its result
must still go through one.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5

from cms.rendering.allowed import (
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    FORMATTING,
    PHRASES,
    TAGS,
    VOID,
    allowed_value,
)
from cms.rendering.removals import Removals

MAX_TAGS = 12_000
MAX_DEPTH = 50
MAX_FORMATTING_DEPTH = 8
MAX_ATTRIBUTE = 10_000

REPEATED_INSTEAD_OF_CLOSED = {"dd", "dt", "li", "p", "td", "th", "tr"}

# Two things keep this linear: possessive quantifiers, and accepting the end of the source in any unfinished construct.
MARKUP = re.compile(
    rf"""
      <!--(?: -?> | .*?(?: --!?> | \Z ) )
    | <(?: [!?] | /(?![a-z]) ) [^>]*+ >?
    | <(?P<dropped>{"|".join(sorted(DROPPED_WITH_CONTENT))})(?=[\s/>]) .*? (?: </(?P=dropped)(?=[\s/>]) [^>]*+ >? | \Z )
    | <(?P<closing>/?)(?P<name>[a-z][^\s/>]*+)
      (?P<attributes>(?: [^>"'=]++ | =\s*+"[^"]*+" | =\s*+'[^']*+' | [="'] )*+) (?: > | \Z )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""([^\s"'>/=][^\s"'>/=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']*+)))?""")
AMPERSAND = re.compile(
    r"&(?!(?:amp|gt|lt|nbsp|quot);)(#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,8};|[a-zA-Z][a-zA-Z0-9]{1,31};)?"
)
HUNDRED_AMPERSANDS = re.compile(r"(?:[&\xa0][^&\xa0]*+){100}")


def bound_nesting(html: str, removals: Removals | None = None) -> str:
    """The same document with allowed tags only: at most 12,000, 50 deep, attributes up to 10,000 characters.

    ``removals`` collects everything else with its position, counted in a source whose lines end in a line feed alone.
    """
    return "".join(_bounded(html.replace("\r\n", "\n").replace("\r", "\n"), removals or Removals()))


def _bounded(html: str, removals: Removals) -> Iterator[str]:
    open_tags: list[str] = []
    count = position = 0
    first_in_preformatted = False
    for markup in MARKUP.finditer(html):
        text = html[position : markup.start()]
        position = markup.end()
        # A parser drops one line break after <pre>. Without one there, parsing the result again changes nothing.
        yield _split_text_nodes(_escape(text.lstrip("\n") if first_in_preformatted else text))
        first_in_preformatted = first_in_preformatted and not text.strip("\n")

        name = (markup["name"] or "").lower()
        if name not in TAGS:
            _record_removal(markup, name, removals)
            continue
        if markup["closing"]:
            yield from _close(name, open_tags)
            continue
        if open_tags and open_tags[-1] == name and name in REPEATED_INSTEAD_OF_CLOSED:
            open_tags.pop()
        if count < MAX_TAGS and _has_room(name, open_tags):
            count += 1
            first_in_preformatted = name == "pre"
            yield _opening_tag(name, markup, removals)
            if name not in VOID:
                open_tags.append(name)
        else:
            removals.element(
                name, markup.start(), " and its text kept, because it is nested too deep or there are too many elements"
            )
            # The words of two blocks must not run together where the tags between them are dropped.
            yield "" if name in FORMATTING | PHRASES else "\n"
    rest = html[position:]
    yield _split_text_nodes(_escape(rest.lstrip("\n") if first_in_preformatted else rest))


def _record_removal(markup: re.Match[str], name: str, removals: Removals) -> None:
    if markup["dropped"]:
        removals.element(markup["dropped"].lower(), markup.start(), " with everything in it")
    elif name and not markup["closing"]:
        removals.element(name, markup.start(), " and its text kept")


def _close(name: str, open_tags: list[str]) -> Iterator[str]:
    if name not in open_tags:
        return
    while open_tags:
        innermost = open_tags.pop()
        # A parser that has already closed a paragraph turns a second end tag into an empty paragraph.
        if innermost == name or innermost != "p":
            yield f"</{innermost}>"
        if innermost == name:
            return


def _has_room(name: str, open_tags: list[str]) -> bool:
    if name in FORMATTING and sum(tag in FORMATTING for tag in open_tags) >= MAX_FORMATTING_DEPTH:
        return False
    return len(open_tags) < MAX_DEPTH


def _opening_tag(name: str, tag: re.Match[str], removals: Removals) -> str:
    attributes: dict[str, str] = {}
    for attribute in ATTRIBUTE.finditer(tag["attributes"]):
        key = attribute[1].lower()
        position = tag.start("attributes") + attribute.start()
        value = attribute[2] or attribute[3] or attribute[4] or ""
        if key not in ATTRIBUTES.get(name, ()):
            removals.attribute(name, key, position)
        elif len(value) > MAX_ATTRIBUTE:
            removals.attribute(name, key, position, " because it is too long")
        else:
            if allowed_value(name, key, unescape(value)) is None:
                removals.attribute(name, key, position, " because its value is not allowed")
            attributes.setdefault(key, _escape(value).replace('"', "&quot;"))
    return f"<{name}" + "".join(f' {key}="{value}"' for key, value in attributes.items()) + ">"


def _split_text_nodes(text: str) -> str:
    # The sanitiser takes quadratic time to write the ampersands and no-break spaces of one text node. Comments divide
    # the text into several nodes, and the sanitiser drops them.
    return HUNDRED_AMPERSANDS.sub(r"\g<0><!---->", text)


def _escape(text: str) -> str:
    # A parser takes quadratic time to read ampersands that begin no entity.
    return AMPERSAND.sub(_escape_unless_entity, text).replace("<", "&lt;").replace(">", "&gt;")


def _escape_unless_entity(ampersand: re.Match[str]) -> str:
    name = ampersand[1] or ""
    return ampersand[0] if name in html5 or name.startswith("#") else f"&amp;{name}"
