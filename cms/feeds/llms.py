"""llms.txt (llmstxt.org): what a site has, for language models to read."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MEDIA_TYPE = "text/plain"


@dataclass(frozen=True)
class ListedLink:
    """A line of a list: a title, where it leads, and what is there."""

    title: str
    url: str
    note: str | None = None


@dataclass(frozen=True)
class Section:
    """A heading and its links; one named ``Optional`` may be left out by who has little room."""

    title: str
    links: Sequence[ListedLink]


def write(title: str, summary: str | None, details: str, sections: Iterable[Section]) -> bytes:
    """The document: a first heading, a summary as a quotation, details, and the sections that have links."""
    parts = [f"# {_line(title)}"]
    if summary:
        parts.append(f"> {_line(summary)}")
    if details:
        parts.append(details)
    for section in sections:
        if section.links:
            parts += [f"## {_line(section.title)}", "\n".join(map(_link, section.links))]
    return ("\n\n".join(parts) + "\n").encode(errors="ignore")


def _link(link: ListedLink) -> str:
    url = link.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"- [{_line(link.title)}]({url})" + (f": {_line(link.note)}" if link.note else "")


def _line(text: str) -> str:
    """Text as one line in which nothing is Markdown."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))
