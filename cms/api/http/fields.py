"""The field classes of every schema, strict about input and exact in the JSON Schemas that document them.

A field checks every rule that its ``json_schema`` states, and states every rule that it checks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import marshmallow
import orjson
from marshmallow import ValidationError

from cms import clock
from cms.clock import FOREVER
from cms.identifiers import UUID

JSONSchema = dict[str, Any]

EXTENSIBLE: JSONSchema = {"x-extensible": True}
"""Marks a list of values, or of forms, that will grow. Clients must accept values that they do not know."""
INT32 = 2**31 - 1
EXTRA_BYTES = 16 * 1024
DEPTH = 16
FAULTS_AT_MOST = 100
"""The most faults reported for one document, and for any list in it. Nobody reads more of them at once."""

TIME_PATTERN = (
    r"^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
ID_PATTERN = rf"^{UUID}$"
LOCALE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
# A line may have every character but control characters and line breaks.
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
SPACES = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
LINE_PATTERN = rf"^[^{CONTROLS}]*$"
WRITTEN_LINE_PATTERN = rf"^[^{CONTROLS}]*[^{CONTROLS}{SPACES}][^{CONTROLS}]*$"
TEXT_PATTERN = r"^[^\u0000]*$"


def nullable(schema: JSONSchema) -> JSONSchema:
    """The schema of the same values and null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


class Coded(str):
    """A message for people that carries its code for programs."""

    code: str

    def __new__(cls, code: str, detail: str) -> "Coded":
        message = super().__new__(cls, detail)
        message.code = code
        return message


def fault(code: str, detail: str) -> ValidationError:
    """A validation error whose message carries a code."""
    return ValidationError([Coded(code, detail)])


def matches(pattern: str, text: str) -> bool:
    """True if the text matches the pattern as in ECMAScript: Python's ``$`` would also match before a final newline."""
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text) is not None


class Schema(marshmallow.Schema):
    """A schema that rejects undeclared fields, and writes its fields in the order of their declaration."""

    error_messages = {
        "unknown": Coded("unknown_field", "Unknown field."),
        "type": Coded("invalid_type", "This must be an object."),
    }

    class Meta:
        unknown = marshmallow.RAISE


class Field(marshmallow.fields.Field[Any]):
    """A field with coded messages and its own JSON Schema."""

    example: Any = None
    messages: Mapping[str, str] = {
        "required": "This is required.",
        "null": "This cannot be null.",
        "validator_failed": "This is invalid.",
    }

    def __init__(self, *, description: str = "", deprecated: str = "", example: Any = None, **options: Any) -> None:
        """``deprecated`` says what to use instead."""
        texts = {"description": description, "deprecated": deprecated}
        super().__init__(metadata={name: text for name, text in texts.items() if text}, **options)
        if example is not None:
            self.example = example

    def make_error(self, key: str, **_: Any) -> ValidationError:
        return fault(key, self.messages[key])

    def json_schema(self) -> JSONSchema:
        return {}

    def patch_schema(self) -> JSONSchema:
        """The JSON Schema of the values that a merge patch may give the field, beside null."""
        return self.json_schema()

    def schemas(self) -> Iterator["type[Schema]"]:
        """The schemas of the objects inside a value."""
        yield from ()

    def sample(self) -> Any:
        """An example value for the OpenAPI document."""
        return self.example

    def prepare(self, value: Any) -> None:
        """Do the costly work on a loaded value before the transaction begins. Most fields have none."""

    def prepare_patch(self, patch: Any) -> None:
        """Do the same for the field's value in a merge patch. It is validated later, when the patch is merged."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return value


def sample_of(schema: type[Schema]) -> dict[str, Any]:
    """An example document, made from the examples of its fields. Fields that are included on request are left out."""
    return {
        name: field.sample()
        for name, field in schema._declared_fields.items()
        if isinstance(field, Field) and (field.required or field.load_default is not marshmallow.missing)
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise fault("invalid_type", "This must be a string.")
    if "\x00" in value:
        raise fault("invalid_character", "This contains a NUL character.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise fault("invalid_character", "This contains half of a surrogate pair.") from None
    return value


class Line(Field):
    """One line of text without control characters. A text of spaces alone counts as empty."""

    def __init__(self, longest: int, *, shortest: int = 1, pattern: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.longest, self.shortest, self.pattern = longest, shortest, pattern

    def json_schema(self) -> JSONSchema:
        return {
            "type": "string",
            "minLength": self.shortest,
            "maxLength": self.longest,
            "pattern": self.pattern or (WRITTEN_LINE_PATTERN if self.shortest else LINE_PATTERN),
        }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        text = _text(value)
        if len(text) > self.longest:
            raise fault("too_long", f"This has {len(text)} characters; the maximum is {self.longest}.")
        if len(text) < self.shortest or (self.shortest and not text.strip()):
            raise fault("too_short", "This is empty.")
        if not matches(self.pattern or LINE_PATTERN, text):
            raise fault("invalid_format" if self.pattern else "invalid_character", self.complaint())
        return text

    def complaint(self) -> str:
        return "This does not have the required form." if self.pattern else "This contains a control character."


class Text(Field):
    """Text of any number of lines, with any characters but NUL. It may be empty."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def json_schema(self) -> JSONSchema:
        return {"type": "string", "maxLength": self.longest, "pattern": TEXT_PATTERN}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        text = _text(value)
        if len(text) > self.longest:
            raise fault("too_long", f"This has {len(text)} characters; the maximum is {self.longest}.")
        return text


class Id(Line):
    """A UUID in lower case."""

    example = "0199c0de-0000-7000-8000-000000000001"

    def __init__(self, **options: Any) -> None:
        super().__init__(36, pattern=ID_PATTERN, **options)

    def json_schema(self) -> JSONSchema:
        return {"type": "string", "format": "uuid", "pattern": ID_PATTERN}

    def complaint(self) -> str:
        return "This must be a UUID in lower case."


class Locale(Line):
    """A language tag in the canonical case of BCP 47."""

    example = "en"

    def __init__(self, **options: Any) -> None:
        super().__init__(35, pattern=LOCALE_PATTERN, **options)

    def complaint(self) -> str:
        return "This must be a canonical language tag, such as en, de-AT or zh-Hant-TW."


class Time(Field):
    """An instant: read as RFC 3339 with an offset, written in UTC with milliseconds."""

    example = "2026-03-03T08:00:00.000Z"

    def json_schema(self) -> JSONSchema:
        return {"type": "string", "format": "date-time", "pattern": TIME_PATTERN}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        text = _text(value)
        if not matches(TIME_PATTERN, text):
            raise fault("invalid_time", "This must be RFC 3339 with an offset, such as 2026-03-03T09:00:00+01:00.")
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise fault("invalid_time", "This day or time does not exist.") from None
        if not 1900 <= moment.year <= 9999:
            raise fault("invalid_time", "The year must be between 1900 and 9999.")
        if moment >= FOREVER:
            raise fault("invalid_time", "This instant is reserved and means no end. Leave the value out instead.")
        return clock.to_millisecond(moment)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return clock.to_wire(value) if isinstance(value, datetime) else value


class Flag(Field):
    """A boolean: a JSON boolean, or in a query the words ``true`` and ``false``."""

    example = True

    def json_schema(self) -> JSONSchema:
        return {"type": "boolean"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        known = {"true": True, "false": False}.get(value) if self.parent and self._in_query() else None
        if isinstance(value, bool) or known is not None:
            return value if isinstance(value, bool) else bool(known)
        raise fault("invalid_type", "This must be true or false.")

    def _in_query(self) -> bool:
        return bool(getattr(self.parent, "is_query", False))


class Whole(Field):
    """An integer within bounds: a JSON number such as 5 or 5.0 (as in JSON Schema), or in a query decimal digits."""

    example = 1

    def __init__(self, least: int = -INT32, most: int = INT32, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def json_schema(self) -> JSONSchema:
        return {"type": "integer", "format": "int64", "minimum": self.least, "maximum": self.most}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        if isinstance(value, str) and getattr(self.parent, "is_query", False) and matches("^-?[0-9]{1,12}$", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise fault("invalid_type", "This must be a whole number.")
        if not self.least <= value <= self.most:
            raise fault("out_of_range", f"This must be between {self.least} and {self.most}.")
        return value


class Choice(Field):
    """One of a list of words. If it is ``extensible``, more words in answers are not a breaking change."""

    def __init__(self, *words: str, extensible: bool = False, **options: Any) -> None:
        super().__init__(**({"example": words[0]} | options))
        self.words, self.extensible = words, extensible

    def json_schema(self) -> JSONSchema:
        described: JSONSchema = {"type": "string", "enum": list(self.words)}
        return described | EXTENSIBLE if self.extensible else described

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if value not in self.words:
            raise fault("unknown_value", f"This must be one of {', '.join(self.words)}.")
        return str(value)


class Many(Field):
    """A list of values of one field. In a query, a repeated parameter, and with ``commas`` also a list with commas."""

    def __init__(self, inner: Field, *, most: int = 100, unique: bool = False, commas: bool = False, **options: Any):
        super().__init__(**options)
        self.inner, self.most, self.unique, self.commas = inner, most, unique, commas

    def schemas(self) -> "Iterator[type[Schema]]":
        yield from self.inner.schemas()

    def sample(self) -> Any:
        return [self.inner.sample()] if self.example is None else self.example

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner.parent, self.inner.name = parent, field_name

    def json_schema(self) -> JSONSchema:
        described = {"type": "array", "items": self.inner.json_schema(), "maxItems": self.most}
        return described | {"uniqueItems": True} if self.unique else described

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[Any]:
        if not isinstance(value, list):
            raise fault("invalid_type", "This must be a list.")
        if len(value) > self.most:
            raise fault("too_many", f"This has {len(value)} items; the maximum is {self.most}.")
        loaded: list[Any] = []
        errors: dict[int, Any] = {}
        fault_count = 0
        for position, each in enumerate(value):
            if fault_count >= FAULTS_AT_MOST:
                break
            try:
                loaded.append(self.inner.deserialize(each))
                if self.unique and loaded[-1] in loaded[:-1]:
                    errors[position] = fault("duplicate", "This value is in the list twice.").messages
                    fault_count += 1
            except ValidationError as error:
                errors[position] = error.messages
                fault_count += len(faults_of(error))
        if errors:
            raise ValidationError(errors)
        return loaded


class Group(Field):
    """An object with its own schema."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        super().__init__(**options)
        self.schema = schema()

    def schemas(self) -> Iterator[type[Schema]]:
        yield type(self.schema)

    def sample(self) -> Any:
        return sample_of(type(self.schema))

    def json_schema(self) -> JSONSchema:
        return {"$ref": f"#/components/schemas/{component_name(type(self.schema))}"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not isinstance(value, dict):
            raise fault("invalid_type", "This must be an object.")
        return self.schema.load(value)


def component_name(schema: type[marshmallow.Schema]) -> str:
    """The name of a schema in the OpenAPI document."""
    return schema.__name__


class FreeObject(Field):
    """Any JSON object of at most 16 KB, which is delivered unchanged."""

    example: Any = {}

    def json_schema(self) -> JSONSchema:
        return {"type": "object", "additionalProperties": True}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise fault("invalid_type", "This must be an object.")
        _check_json(value, 0)
        if len(orjson.dumps(value)) > EXTRA_BYTES:
            raise fault("too_long", "This is longer than 16 KB of JSON.")
        return value


def _check_json(value: Any, depth: int) -> None:
    """Raise a fault for JSON that a database or another parser would change or reject."""
    if depth > DEPTH:
        raise fault("too_deep", f"This is nested deeper than {DEPTH} levels.")
    match value:
        case str():
            _text(value)
        case bool() | None:
            pass
        case int() if not -(2**53) < value < 2**53:
            raise fault("out_of_range", "JSON numbers beyond 2^53 lose digits. Send a string instead.")
        case dict():
            for name, inner in value.items():
                _text(name)
                _check_json(inner, depth + 1)
        case list():
            for inner in value:
                _check_json(inner, depth + 1)


class Delivered(Field):
    """A field that occurs in answers only, with the given JSON Schema."""

    def __init__(self, schema: JSONSchema, **options: Any) -> None:
        super().__init__(**options)
        self._schema = schema

    def json_schema(self) -> JSONSchema:
        return self._schema


def _is_about_object(name: str, messages: Any) -> bool:
    """True if the messages are about the object as a whole, and not about an unknown field that is named _schema."""
    return name == "_schema" and not any(getattr(each, "code", "") == "unknown_field" for each in messages)


def faults_of(error: ValidationError) -> list[tuple[tuple[str, ...], str, str]]:
    """The first 100 messages of a validation error as path, code and detail, in the order of the fields."""

    def flatten(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
        if isinstance(messages, Mapping):
            for name, inner in messages.items():
                yield from flatten(inner, path if _is_about_object(name, inner) else (*path, str(name)))
        elif isinstance(messages, Sequence) and not isinstance(messages, str):
            for inner in messages:
                yield from flatten(inner, path)
        else:
            # Every message of this service has a code. The library's own messages are not meant for clients.
            message = messages if isinstance(messages, Coded) else Coded("validator_failed", "This is invalid.")
            yield path, message.code, str(message)

    return list(islice(flatten(error.messages, ()), FAULTS_AT_MOST))
