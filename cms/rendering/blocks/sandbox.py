"""The frame in which hand-written HTML runs, without the page's origin."""

from typing import Any

from cms.rendering.blocks import Block

# Scripts may run and links may open a tab. "allow-same-origin" must not be added: with "allow-scripts" it would undo
# the sandbox.
SANDBOX = "allow-scripts allow-popups"
# Widgets may load from any host over TLS. Plugins, forms and a base address are not allowed.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src https: 'unsafe-inline'",
        "style-src https: 'unsafe-inline'",
        "img-src https: data:",
        "font-src https: data:",
        "media-src https:",
        "connect-src https:",
        "frame-src https:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
HEAD = (
    '<!doctype html><html><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    '<meta name="viewport" content="width=device-width">'
)


def frame_of(block: Block) -> dict[str, Any]:
    """The attributes of the frame that shows a sandboxed block. The block's content is nowhere else."""
    return {
        "srcdoc": f"{HEAD}{_style(block)}</head><body>{block['html']}{_script(block)}</body></html>",
        "sandbox": SANDBOX,
        "csp": POLICY,
        "referrerpolicy": "no-referrer",
        "loading": "lazy",
        "title": block.get("title"),
        "height": block.get("height"),
    }


def inlined(block: Block) -> str:
    """The HTML of a raw block, as it is written into the page."""
    return f"{_style(block)}{block['html']}{_script(block)}\n"


def _style(block: Block) -> str:
    css = block.get("css") or ""
    # "</" would end the element. In CSS and in JavaScript "<\\/" means the same.
    return f"<style>{css.replace('</', '<' + chr(92) + '/')}</style>" if css else ""


def _script(block: Block) -> str:
    js = block.get("js") or ""
    return f"<script>{js.replace('</', '<' + chr(92) + '/')}</script>" if js else ""
