"""JSON Merge Patch (RFC 7396)."""

from typing import Any

from cms.api.http.fields import Group, Schema


def merge_patch(target: Any, patch: Any, schema: Schema | None = None) -> Any:
    """Apply a JSON Merge Patch (RFC 7396).

    A null for what the ``schema`` of the result does not have stays there: loading finds a name that is misspelt.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None and (schema is None or name in schema.load_fields):
            merged.pop(name, None)
        else:
            known = schema.load_fields.get(name) if schema else None
            below = known.schema if isinstance(known, Group) else None
            merged[name] = merge_patch(merged.get(name), value, below)
    return merged
