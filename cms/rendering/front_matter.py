"""Markdown with front matter: YAML between two lines of three hyphens, then the text."""

from collections.abc import Mapping
from typing import Any

import yaml


def with_front_matter(fields: Mapping[str, Any], text: str) -> str:
    """A Markdown document whose front matter holds the fields, in their order, and what is empty left out."""
    told = {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}
    matter = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{matter}---\n\n{text}" + ("" if text.endswith("\n") or not text else "\n")
