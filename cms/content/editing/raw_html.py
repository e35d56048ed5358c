"""Who may write HTML that is delivered as given, and what of it somebody else leaves as it is."""

from collections import Counter
from collections.abc import Iterator

import orjson

from cms.content.editing.write import Write
from cms.content.renditions import BLOCKS
from cms.content.types import Content, ContentType
from cms.errors import Fault, Forbidden
from cms.rendering.blocks import Block
from cms.rendering.blocks.canonical import is_raw

SCOPE = "html:raw"


def check_raw_html(write: Write, kind: ContentType, content: Content, draft: Content | None = None) -> None:
    """Raises ``Forbidden`` for raw HTML that the ``draft`` does not have as often, unless its writer may write any.

    The command line may; it has no key.
    """
    if write.actor.key_id is None or SCOPE in write.actor.scopes:
        return
    kept = Counter(_identity(block) for _, block in _raw(kind, draft or {}))
    faults: list[Fault] = []
    for pointer, block in _raw(kind, content):
        identity = _identity(block)
        if not kept[identity]:
            faults.append(Fault("missing_scope", "This HTML would be delivered as given.", f"{pointer}/trust"))
        kept[identity] = max(kept[identity] - 1, 0)
    if faults:
        raise Forbidden(f"Raw HTML needs a key with the scope {SCOPE}.", *faults, scope=SCOPE)


def _raw(kind: ContentType, content: Content) -> Iterator[tuple[str, Block]]:
    """Every raw block of the content's rich texts, with its pointer."""
    for field in kind.bodies:
        body = content.get(field)
        if body and body["format"] == BLOCKS:
            for position, block in enumerate(body["source"]):
                if is_raw(block):
                    yield f"#/{field}/source/{position}", block


def _identity(block: Block) -> bytes:
    return orjson.dumps(block, option=orjson.OPT_SORT_KEYS)
