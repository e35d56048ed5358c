"""llms.txt (llmstxt.org): an overview of a site for language models."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MEDIA_TYPE = "text/plain"


@dataclass(frozen=True)
class ListedLink:
    """A line of a list: a title, an address, and a note about the page."""

    title: str
    url: str
    note: str | None = None


@dataclass(frozen=True)
class Section:
    """A heading and its links. Readers with little room may skip a section named ``Optional``."""

    title: str
    links: Sequence[ListedLink]


def write(title: str, summary: str | None, details: str, sections: Iterable[Section]) -> bytes:
    """The document: a heading, the summary as a quotation, the details, and the sections that have links."""
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
    """The text in one line, with all Markdown escaped."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))
