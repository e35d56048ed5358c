"""Preview tokens for one entry, for every type."""

import secrets
from datetime import timedelta
from typing import Any

from cms.api.http import fields
from cms.api.http.contract import body, operation, problems, returns, scope, shows_once
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.services import services
from cms.api.v1.schemas import item_of
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.api.versions import V1
from cms.content.editing import actions
from cms.content.editing.write import Write
from cms.keys.tokens import make_token

HOUR, WEEK = 3600, 7 * 24 * 3600


class PreviewTokenWrite(Schema):
    """How long a token is valid."""

    expires_in_seconds = fields.Whole(60, WEEK, load_default=HOUR, description="From a minute to a week.", example=HOUR)


class PreviewToken(Schema):
    """A token for one entry, which is shown only once. Its holder needs no key."""

    token = fields.Delivered(
        {"type": "string"},
        required=True,
        allow_none=True,
        description="The token. It is not stored, and so is null in a repeated answer.",
        example="preview_WyIwMTk5YzBkZSJd.c2lnbmF0dXJl",
    )
    expires_at = fields.Time(required=True)
    url = fields.Delivered(
        {"type": "string", "format": "uri"},
        required=True,
        description="The entry in the preview space; send the token as `Authorization: Bearer` or as `token`.",
        example=f"http://127.0.0.1:8000{V1.preview}/articles/0199c0de-0000-7000-8000-000000000001",
    )


PreviewTokenItem = item_of(PreviewToken)


class PreviewTokens(TypeEndpoint):
    """The tokens of an entry."""

    @scope("content:preview")
    @operation("create{Type}PreviewToken")
    @body(PreviewTokenWrite, required=False, example={"expires_in_seconds": HOUR})
    @returns(201, PreviewTokenItem)
    @shows_once("token")
    @problems("not-found")
    def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
        """Create a token with which anyone can preview this one entry for a limited time.

        It shows the entry as its draft or as it is live, among what is live now. It cannot be used with `at`.
        """
        entry = actions.find_entry(write, self.kind, entry_id)
        asked = write.at + timedelta(seconds=body["expires_in_seconds"])
        expires_at = min(asked, write.actor.expires_at or asked)
        assert write.actor.key_id is not None, "every caller has a key"
        settings = services().settings
        write.record("preview_token_created", self.kind.name, entry.id, after={"expires_at": expires_at})
        # No token is stored, so that of a dry run is signed with a secret that nobody knows: it must not be valid.
        secret = secrets.token_hex() if write.dry_run else settings.secret_key
        document = {
            "token": make_token(secret, write.actor.key_id, entry.id, expires_at),
            "expires_at": expires_at,
            "url": f"{settings.public_url}{V1.preview}/{self.kind.plural}/{entry.id}",
        }
        return Answer({"data": document}, 201)


ROUTES: TypeRoutes = (("/<entry_id>/preview-tokens", PreviewTokens),)
