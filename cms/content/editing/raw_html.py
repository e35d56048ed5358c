"""The permission to write raw HTML, which is delivered without being sanitised."""

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
    """Raises ``Forbidden`` for raw HTML without the scope ``html:raw``, except for blocks that the ``draft`` has.

    A block may occur only as often as in the draft. The command line has no key and may write raw HTML.
    """
    if write.actor.key_id is None or SCOPE in write.actor.scopes:
        return
    remaining = Counter(_as_json(block) for _, block in _raw_blocks(kind, draft or {}))
    faults: list[Fault] = []
    for pointer, block in _raw_blocks(kind, content):
        text = _as_json(block)
        if not remaining[text]:
            faults.append(Fault("missing_scope", "This HTML would be delivered as it is.", f"{pointer}/trust"))
        remaining[text] = max(remaining[text] - 1, 0)
    if faults:
        raise Forbidden(f"Raw HTML requires a key with the scope {SCOPE}.", *faults, scope=SCOPE)


def _raw_blocks(kind: ContentType, content: Content) -> Iterator[tuple[str, Block]]:
    """Each raw block of the content's rich texts, with its pointer."""
    for field in kind.bodies:
        body = content.get(field)
        if body and body["format"] == BLOCKS:
            for position, block in enumerate(body["source"]):
                if is_raw(block):
                    yield f"#/{field}/source/{position}", block


def _as_json(block: Block) -> bytes:
    return orjson.dumps(block, option=orjson.OPT_SORT_KEYS)
