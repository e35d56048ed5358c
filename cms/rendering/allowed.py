"""The elements and attributes that an editor's HTML may contain. Everything else is dropped."""

import re

FORMATTING = {"a", "b", "code", "em", "i", "s", "small", "strong", "u"}
"""The "formatting elements" of the HTML standard: one that is left open is opened again in the next paragraph."""

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
VOID = {"br", "col", "hr", "img", "wbr"}
TABLE = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
LISTS = {"dd", "dl", "dt", "li", "ol", "ul"}
BLOCKS = {"blockquote", "details", "div", "figcaption", "figure", "p", "pre", "summary"}
PHRASES = {
    *{"abbr", "bdi", "bdo", "cite", "del", "dfn", "ins", "kbd", "mark", "q"},
    *{"rp", "rt", "ruby", "samp", "span", "sub", "sup", "time", "var"},
}

TAGS = FORMATTING | HEADINGS | VOID | TABLE | LISTS | BLOCKS | PHRASES

# Formatting elements have no language: HTML reopens at most three equal ones, but any number that differ.
LANGUAGE: dict[str, set[str]] = {tag: {"dir", "lang"} for tag in TAGS - FORMATTING}
CELL = {"align", "colspan", "rowspan"}
ATTRIBUTES: dict[str, set[str]] = LANGUAGE | {
    "a": {"href", "hreflang", "title"},
    "code": {"class"},
    **{heading: LANGUAGE[heading] | {"id"} for heading in HEADINGS},
    "abbr": LANGUAGE["abbr"] | {"title"},
    "blockquote": LANGUAGE["blockquote"] | {"cite"},
    "col": LANGUAGE["col"] | {"span"},
    "colgroup": LANGUAGE["colgroup"] | {"span"},
    "del": LANGUAGE["del"] | {"cite", "datetime"},
    "dfn": LANGUAGE["dfn"] | {"title"},
    "img": LANGUAGE["img"] | {"alt", "height", "src", "title", "width"},
    "ins": LANGUAGE["ins"] | {"cite", "datetime"},
    "li": LANGUAGE["li"] | {"value"},
    "ol": LANGUAGE["ol"] | {"reversed", "start", "type"},
    "q": LANGUAGE["q"] | {"cite"},
    "td": LANGUAGE["td"] | CELL,
    "th": LANGUAGE["th"] | CELL | {"abbr", "scope"},
    "time": LANGUAGE["time"] | {"datetime"},
}

URL_ATTRIBUTES = {"cite", "href", "src"}
URL_SCHEMES = {"http", "https", "mailto", "tel"}

ID = re.compile(r"[a-z0-9-]{1,80}")
CODE_LANGUAGE = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")
ALIGNMENTS = {"left", "center", "right", "justify"}

DROPPED_WITH_CONTENT = {
    *{"iframe", "math", "noembed", "noframes", "object", "script", "style"},
    *{"svg", "template", "textarea", "title", "xmp"},
}

SCHEME = re.compile(r"([^/?#]*?):")
# The characters that a browser removes from a URL before it parses it (WHATWG URL, 4.4): C0 controls and spaces around
# it, tabs and line breaks anywhere. No other control character belongs in a URL either.
IGNORED_IN_URL = re.compile(r"[\x00-\x20\x7f]")


def allowed_value(tag: str, attribute: str, value: str) -> str | None:
    """The allowed part of the value of a listed attribute, or ``None`` if the attribute must be removed.

    Example: for the ``class`` "note language-python" of ``code`` it is "language-python".
    """
    if attribute in URL_ATTRIBUTES:
        return value if _is_safe_url(value) else None
    if tag in HEADINGS and attribute == "id":
        return value if ID.fullmatch(value) else None
    if attribute == "class":
        return next((word for word in value.split() if CODE_LANGUAGE.fullmatch(word)), None)
    if attribute == "align":
        return value.lower() if value.lower() in ALIGNMENTS else None
    return value


def _is_safe_url(url: str) -> bool:
    read_by_browser = IGNORED_IN_URL.sub("", url).replace("\\", "/")
    if scheme := SCHEME.match(read_by_browser):
        return scheme[1].lower() in URL_SCHEMES
    return not read_by_browser.startswith("//")
