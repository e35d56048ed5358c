"""Management of API keys, and who the caller is."""

from typing import Any

from flask import g

from cms.api.http import fields
from cms.api.http.contract import body, operation, problems, returns, scope, shows_once
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.v1.schemas import TEXT, item_of, made
from cms.api.versions import V1
from cms.content.editing.write import Write
from cms.errors import Fault, Forbidden, Invalid, NotFound
from cms.keys import ROLES, SCOPES, create_key, list_deprecated_usage, list_keys, logged_values, revoke_key

MOST_CALLS = 2**53 - 1
"""The largest whole number that every JSON parser reads as it is."""


class KeyWrite(Schema):
    """A new key: a role, or scopes by name, or both."""

    name = fields.Line(120, required=True, example="Newsroom", description="Who or what uses it.")
    role = fields.Choice(*ROLES, load_default=None, allow_none=True, example="editor")
    scopes = fields.Many(fields.Choice(*SCOPES), most=len(SCOPES), load_default=list, example=["content:preview"])
    expires_at = fields.Time(load_default=None, allow_none=True, example="2030-01-01T00:00:00Z")


class Key(Schema):
    """A key without its secret."""

    id = fields.Delivered(TEXT, required=True, example="Q3v9sK2mB7xD")
    name = fields.Line(120, required=True, example="Newsroom")
    scopes = fields.Many(fields.Choice(*SCOPES, extensible=True), required=True)
    created_at = fields.Time(required=True)
    expires_at = fields.Time(required=True, allow_none=True)
    revoked_at = fields.Time(required=True, allow_none=True, example=None)
    last_used_at = fields.Time(required=True, allow_none=True, description="To the minute.")


class NewKey(Key):
    """A key at the only moment its secret is shown."""

    key = fields.Delivered(
        TEXT,
        required=True,
        allow_none=True,
        description="Shown once; keep it. Null where the answer is given again for an `Idempotency-Key`.",
        example="cms_Q3v9sK2mB7xD_…",
    )


class Caller(Schema):
    """The key that makes the request."""

    id = fields.Delivered(TEXT, required=True, example="Q3v9sK2mB7xD")
    name = fields.Line(120, required=True, example="Newsroom")
    scopes = fields.Many(fields.Choice(*SCOPES, extensible=True), required=True)


class DeprecatedUse(Schema):
    """A deprecated operation that a key has called."""

    operation = fields.Delivered(
        TEXT, required=True, example="listArticles", description="The operation's id in this document."
    )
    count = fields.Whole(1, MOST_CALLS, required=True, example=42, description="Calls that were counted, at least.")
    last_used_at = fields.Time(required=True)


KeyItem, NewKeyItem, CallerItem = item_of(Key), item_of(NewKey), item_of(Caller)
KeyList = made("KeyList", "Every key.", {"data": fields.Many(fields.Group(Key), required=True)})
KeyUsageList = made(
    "KeyUsageList",
    "What of a key's calls is deprecated.",
    {"data": fields.Many(fields.Group(DeprecatedUse), most=1000, required=True)},
)


class Keys(Endpoint):
    """All keys."""

    @scope("keys:write")
    @operation("listKeys")
    @returns(200, KeyList)
    def get(self, connection: Any) -> Answer:
        """List every key, revoked ones included, newest first."""
        return Answer({"data": [key_document(row) for row in list_keys(connection)]})

    @scope("keys:write")
    @operation("createKey")
    @body(KeyWrite, example={"name": "Newsroom", "role": "editor"})
    @returns(201, NewKeyItem, Location="The new key.")
    @shows_once("key")
    def post(self, write: Write, body: dict[str, Any]) -> Answer:
        """Make a key with scopes that the caller has; its secret is shown this once."""
        scopes = ROLES.get(body["role"], frozenset()) | set(body["scopes"])
        _check(write, scopes, body)
        made = create_key(write.session, body["name"], scopes, write.at, body["expires_at"])
        write.record("key_created", "key", made.row.id, after=logged_values(made.row))
        location = f"{V1.management}/keys/{made.row.id}"
        return Answer({"data": {**key_document(made.row), "key": made.key}}, 201, {"Location": location})


def _check(write: Write, scopes: frozenset[str], body: dict[str, Any]) -> None:
    faults = []
    if not scopes:
        faults.append(Fault("required", "Give a role or at least one scope.", pointer="#/scopes"))
    if body["expires_at"] is not None and body["expires_at"] <= write.at:
        faults.append(Fault("in_the_past", "The key would have expired already.", pointer="#/expires_at"))
    limit = write.actor.expires_at
    if limit is not None and (body["expires_at"] is None or body["expires_at"] > limit):
        faults.append(Fault("out_of_range", "A key cannot outlive the one that makes it.", pointer="#/expires_at"))
    if faults:
        raise Invalid(*faults)
    if missing := sorted(scopes - write.actor.scopes):
        raise Forbidden(f"A key cannot give what it does not have: {', '.join(missing)}.")


class OneKey(Endpoint):
    """One key."""

    @scope("keys:write")
    @operation("getKey")
    @returns(200, KeyItem)
    @problems("not-found")
    def get(self, connection: Any, key_id: str) -> Answer:
        """Get one key."""
        row = next((row for row in list_keys(connection) if row.id == key_id), None)
        if row is None:
            raise NotFound
        return Answer({"data": key_document(row)})

    @scope("keys:write")
    @operation("revokeKey")
    @returns(204, description="Revoked, from this moment on.")
    @problems("not-found")
    def delete(self, write: Write, key_id: str) -> Answer:
        """Revoke a key at once.

        Any key: `keys:write` is not bounded by the caller's other scopes here, so that a key that has leaked can always
        be revoked. Preview tokens that the key made end with it.
        """
        if revoke_key(write.session, key_id, write.at):
            revoked = {"revoked_at": write.at}
            write.record("key_revoked", "key", key_id, before={"revoked_at": None}, after=revoked)
        return Answer(status=204)


class KeyUsage(Endpoint):
    """What is deprecated and one key still uses."""

    @scope("keys:write")
    @operation("listKeyUsage")
    @returns(200, KeyUsageList)
    @problems("not-found")
    def get(self, connection: Any, key_id: str) -> Answer:
        """List the deprecated operations that a key has called, the last one first.

        Calls with preview tokens that the key made count for it. A dry run does not count, nor does a refused key. A
        call is never held up to be counted: where the database is busy, it is not.
        """
        names = DeprecatedUse._declared_fields
        rows = list_deprecated_usage(connection, key_id)
        return Answer({"data": [{name: getattr(row, name) for name in names} for row in rows]})


class WhoAmI(Endpoint):
    """The caller."""

    @scope("any")
    @operation("whoami")
    @returns(200, CallerItem)
    def get(self, connection: Any) -> Answer:
        """Say which key this is and what it may do."""
        actor = g.actor
        return Answer({"data": {"id": actor.key_id, "name": actor.name, "scopes": sorted(actor.scopes)}})


def key_document(row: Any) -> dict[str, Any]:
    """A key on the wire."""
    return {name: getattr(row, name) for name in Key._declared_fields}


ROUTES = (
    ("keys", "/keys", Keys),
    ("keys", "/keys/<key_id>", OneKey),
    ("keys", "/keys/<key_id>/usage", KeyUsage),
    ("keys", "/whoami", WhoAmI),
)
