"""Hand-written HTML that runs in a frame of its own, without the page's origin."""

from typing import Any

from cms.rendering.blocks import Block

# Scripts may run and links open a tab. Never with "allow-same-origin": the two together undo the sandbox.
SANDBOX = "allow-scripts allow-popups"
# Widgets come from anywhere, over TLS; no plugins, no forms, no other base.
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
    """The attributes of the frame that shows a sandboxed block; none of its content is anywhere else."""
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
    """The HTML of a raw block, as it stands in the page."""
    return f"{_style(block)}{block['html']}{_script(block)}\n"


def _style(block: Block) -> str:
    css = block.get("css") or ""
    # In CSS and in JavaScript "<\\/" means the same as "</", which would end the element.
    return f"<style>{css.replace('</', '<' + chr(92) + '/')}</style>" if css else ""


def _script(block: Block) -> str:
    js = block.get("js") or ""
    return f"<script>{js.replace('</', '<' + chr(92) + '/')}</script>" if js else ""
