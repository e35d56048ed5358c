"""Turns an editor's rich text into everything that delivery needs. This happens once, when a revision is made.

These limits hold, so that hostile input of 1 MiB costs one or two seconds at worst and never raises:

* a Markdown source with more than 30,000 markup characters or 10,000 cells in tables becomes plain paragraphs;
* HTML keeps its first 12,000 opening tags, nested at most 50 deep; beyond that, tags are dropped and text is kept;
* an attribute of more than 10,000 characters is dropped;
* a heading's id has at most 80 characters, its text in the table of contents 200, an excerpt 1,000.
"""

from cms.rendering.headings import Heading
from cms.rendering.removals import Finding
from cms.rendering.rendition import Format, Rendition, remembered, render
from cms.rendering.words import reading_time_minutes

RENDERER = 1
"""The number of this renderer. Raise it with every change after which the same source has a different rendition."""

__all__ = ["RENDERER", "Finding", "Format", "Heading", "Rendition", "reading_time_minutes", "remembered", "render"]
