"""XML elements with legal characters only, written as UTF-8."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring  # Writes only; nothing here reads XML.

# The characters that XML 1.0 cannot hold, not even as a character reference (section 2.2): most control characters,
# halves of surrogate pairs, U+FFFE and U+FFFF.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return ILLEGAL.sub("", text)


def root(name: str, attributes: Mapping[str, str]) -> Element:
    """The root element of a document. Its attributes declare the prefixes of names such as ``dc:creator``."""
    return Element(name, {key: legal(value) for key, value in attributes.items()})


def add(parent: Element, name: str, text: str | None = None, **attributes: str | None) -> Element:
    """Append an element.

    Attributes that are ``None`` and illegal characters are left out. ``xml__lang`` is the attribute ``xml:lang``.
    """
    given = {key.replace("__", ":"): legal(value) for key, value in attributes.items() if value is not None}
    element = SubElement(parent, name, given)
    element.text = None if text is None else legal(text)
    return element


def encoded(document: Element) -> bytes:
    """The document as UTF-8. ``>`` is always escaped, so the text never contains ``]]>``."""
    content: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    return content
