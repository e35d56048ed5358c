"""JSON Merge Patch (RFC 7396)."""

from typing import Any

from cms.api.http.fields import Group, Schema


def merge_patch(target: Any, patch: Any, schema: Schema | None = None) -> Any:
    """Apply a JSON Merge Patch (RFC 7396).

    Example: ``{"a": 1, "b": 2}`` patched with ``{"b": null, "c": 3}`` is ``{"a": 1, "c": 3}``. A null for a name that
    the ``schema`` of the result does not have is kept, so that loading the result reports the misspelt name.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None and (schema is None or name in schema.load_fields):
            merged.pop(name, None)
        else:
            known = schema.load_fields.get(name) if schema else None
            inner_schema = known.schema if isinstance(known, Group) else None
            merged[name] = merge_patch(merged.get(name), value, inner_schema)
    return merged
