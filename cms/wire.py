"""JSON as the service writes it, in answers and in the database: UTF-8, without spaces, times as RFC 3339 texts."""

from datetime import datetime
from typing import Any

import orjson

from cms import clock


def to_json(value: Any, *, sort_keys: bool = False) -> bytes:
    """Encode a value as JSON; raises ``TypeError`` for a value that JSON cannot express.

    With ``sort_keys``, equal objects give equal bytes, in whichever order their members were added.
    """
    option = orjson.OPT_PASSTHROUGH_DATETIME | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    return orjson.dumps(value, default=_time, option=option)


def _time(value: Any) -> str:
    if isinstance(value, datetime):
        return clock.to_wire(value)
    raise TypeError
