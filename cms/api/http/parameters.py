"""Reads query parameters: only declared ones, each by its field. All faults are reported at once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import request
from marshmallow import ValidationError

from cms.api.http.fields import Many, Schema, faults_of
from cms.api.http.loading import instance_of, near_name
from cms.api.http.problems import InvalidParameter, MalformedRequest
from cms.errors import Fault


def _check_encoding() -> None:
    """Raise ``MalformedRequest`` if the query is not UTF-8. Decoding would replace its bytes and change its meaning."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The query string is not valid UTF-8.") from None


def load_query(schema: type[Schema] | None) -> dict[str, Any]:
    """Read the query string by the schema of its parameters.

    Raises ``InvalidParameter`` with every fault, or ``MalformedRequest``.
    """
    _check_encoding()
    declared: dict[str, Any] = dict(instance_of(schema).load_fields) if schema else {}
    names = {each.data_key or name: each for name, each in declared.items()}
    faults: list[Fault] = []
    given: dict[str, str | list[str]] = {}
    for name, values in request.args.lists():
        known = names.get(name)
        if known is None:
            faults.append(_unknown_parameter(name, names))
        elif isinstance(known, Many):
            given[name] = [part for value in values for part in (value.split(",") if known.commas else [value])]
        elif len(values) > 1:
            faults.append(Fault("repeated", "This parameter must not be repeated.", parameter=name))
        else:
            given[name] = values[0]
    loaded: dict[str, Any] = {}
    if schema is not None:
        try:
            loaded = instance_of(schema).load(given)
        except ValidationError as error:
            faults += [Fault(code, detail, parameter=path[0]) for path, code, detail in faults_of(error)]
    if faults:
        raise InvalidParameter(*faults)
    return loaded


def _unknown_parameter(name: str, names: Mapping[str, Any]) -> Fault:
    near = near_name(name, names)
    hint = f" Did you mean '{near}'?" if near else ""
    return Fault("unknown_parameter", f"Unknown parameter.{hint}", parameter=name[:100], did_you_mean=near)
