"""Reviews a rich text as a careful reader would: its headings, its images and the texts of its links.

The rules are those of WCAG 2.2: 1.1.1 (text alternatives), 1.3.1 and 2.4.6 (headings), 2.4.4 and 2.4.9 (link purpose).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cms.rendering.reading import HeadingText, ImageText, LinkText, ReadText
from cms.rendering.removals import Finding, printable

FINDINGS_AT_MOST = 20
"""The number of findings of one code in one text. One more finding counts those that are left out."""
QUOTED = 80
"""The number of characters that a finding quotes."""

IMAGE_FILE = re.compile(r"\S+\.(?:avif|gif|heic|jpe?g|png|svg|tiff?|webp)", re.IGNORECASE)

# Link texts that mean nothing outside their sentence, as ``fold`` returns them. The list is the same for every language
# of a site, since a text in one language quotes the others. Possible subjects ("plus", "continue") are left out.
VAGUE = frozenset(
    (
        *("here", "click", "click here", "click here now", "click this", "click this link", "click on this link"),
        *("click me", "tap here", "press here", "go here", "see here", "look here", "right here", "over here"),
        *("this", "this link", "this page", "this one", "this article", "this post", "this site", "this website"),
        *("link", "the link", "a link", "link here", "see this", "check it out"),
        *("more", "read more", "read more here", "learn more", "learn more here", "find out more", "see more"),
        *("view more", "show more", "more info", "more information", "more details", "details", "info"),
        *("for more", "for more information", "read on", "read this", "read it here", "continue reading", "find out"),
        *("get more", "discover more", "know more", "even more", "full story", "read the rest", "the rest"),
        *("hier", "hier klicken", "klick hier", "klicke hier", "klicken sie hier", "bitte hier klicken", "hier lang"),
        *("mehr", "mehr lesen", "mehr erfahren", "mehr dazu", "mehr infos", "mehr informationen", "mehr details"),
        *("weiterlesen", "weiter lesen", "weiter", "lesen sie mehr", "erfahren sie mehr", "jetzt lesen", "ansehen"),
        *("dieser link", "diesem link", "diesen link", "diese seite", "dieser seite", "zum artikel", "zur seite"),
        *("ici", "cliquez ici", "cliquer ici", "clique ici", "par ici", "juste ici", "voir ici", "ce lien"),
        *("lire plus", "lire la suite", "la suite", "en savoir plus", "savoir plus", "voir plus"),
        *("plus d infos", "plus d informations", "plus de details", "cette page", "ce site", "cet article"),
        *("aqui", "clic aqui", "haz clic aqui", "haga clic aqui", "pulsa aqui", "pincha aqui", "por aqui"),
        *("mas", "leer mas", "lee mas", "ver mas", "saber mas", "mas informacion", "mas info", "mas detalles"),
        *("seguir leyendo", "este enlace", "enlace", "esta pagina", "este articulo", "este sitio"),
    )
)


def review(reading: ReadText, *, may_be_decorative: bool) -> list[Finding]:
    """The findings about a text: at most 20 of each code, and one that counts the rest.

    With ``may_be_decorative``, an image with an empty text alternative is decorative. HTML can say so (``alt=""``);
    in Markdown an empty alternative may also be a missing one.
    """
    return [
        *_bounded("heading_jump", "jumps between headings", _skipped_levels(reading.headings)),
        *_bounded("heading_level_1", "headings of level 1", _level_1_headings(reading.headings)),
        *_bounded("heading_start", "", _wrong_first_level(reading.headings)),
        *_bounded("missing_alt", "images", _images_without_alt(reading.images, may_be_decorative=may_be_decorative)),
        *_bounded("vague_link", "links", _vague_links(reading.links)),
    ]


def _bounded(code: str, plural: str, details: Iterable[str]) -> Iterator[Finding]:
    more = 0
    for position, detail in enumerate(details):
        if position < FINDINGS_AT_MOST:
            yield Finding(code, detail)
        else:
            more += 1
    if more:
        yield Finding(code, f"The same is true of {more} more {plural}.")


def _skipped_levels(headings: list[HeadingText]) -> Iterator[str]:
    for before, heading in pairwise(headings):
        if heading.level > before.level + 1:
            yield f"The heading {_quoted(heading.text)} of level {heading.level} follows one of level {before.level}."


def _level_1_headings(headings: list[HeadingText]) -> Iterator[str]:
    for heading in headings:
        if heading.level == 1:
            yield f"The heading {_quoted(heading.text)} has level 1, which is for the page's title."


def _wrong_first_level(headings: list[HeadingText]) -> Iterator[str]:
    if headings and headings[0].level > 2:
        first = headings[0]
        yield f"The first heading, {_quoted(first.text)}, has level {first.level}. It should have level 2."


def _images_without_alt(images: list[ImageText], *, may_be_decorative: bool) -> Iterator[str]:
    for image in images:
        if missing := lacks_alt(image.alt, may_be_decorative=may_be_decorative):
            yield f"The image {_quoted(image.address)} {missing}."


def lacks_alt(alt: str | None, *, may_be_decorative: bool = False) -> str | None:
    """The problem of a text alternative, as the end of a sentence about the image, or ``None`` if it has none.

    Example: "has no text alternative".
    """
    if alt is None or not (alt.strip() or (may_be_decorative and alt == "")):
        return "has no text alternative"
    if IMAGE_FILE.fullmatch(alt.strip()):
        return f"has a file name as its text alternative, {_quoted(alt)}"
    return None


def _vague_links(links: list[LinkText]) -> Iterator[str]:
    for link in links:
        if link.address and says_nothing(link.text):
            problem = f"has only the text {_quoted(link.text)}" if link.text else "has no text"
            yield f"The link to {_quoted(link.address)} {problem}. Describe where it leads."


def says_nothing(text: str) -> bool:
    """True if a link's text does not say where the link leads. Case, accents and decoration do not count.

    Example: "→ Click HERE!".
    """
    folded = fold(text)
    return not folded or folded in VAGUE


def fold(text: str) -> str:
    """The words of a text without case, accents, punctuation and symbols, joined by single spaces.

    Example: "Leer MÁS…" becomes "leer mas".
    """
    decomposed = unicodedata.normalize("NFKD", text[: 4 * QUOTED]).casefold()
    # Marks and invisible characters are parts of words. Everything else that is not a letter or digit separates words.
    inside_words = ("Cf", "Lm", "Mn")
    kept = (each if each.isalnum() else " " for each in decomposed if unicodedata.category(each) not in inside_words)
    return " ".join("".join(kept).split())


def _quoted(text: str) -> str:
    line = printable(" ".join(text.split()))
    return f"“{line if len(line) <= QUOTED else line[: QUOTED - 1].rstrip() + '…'}”"
