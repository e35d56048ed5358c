"""The site's settings, for administrators."""

from dataclasses import replace
from functools import partial
from typing import Any

from cms.api.http import fields
from cms.api.http.conditional import expected_tags
from cms.api.http.contract import MERGE_PATCH, body, conditional, operation, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.loading import load
from cms.api.http.merge_patch import merge_patch
from cms.api.http.responses import Answer
from cms.api.v1.delivery.site import PublicSettings, delivered
from cms.api.v1.management.answers import ETAG, quoted
from cms.api.v1.schemas import changes, fields_of, item_of, made
from cms.content.editing.preconditions import changed_settings, check_tags
from cms.content.editing.readiness import BLOCKERS
from cms.content.editing.site_settings import find_site, save_site
from cms.content.editing.write import Write
from cms.errors import Fault, Invalid
from cms.site import DEFAULTS


class SiteWrite(PublicSettings):
    """The site's settings as an administrator writes them."""

    words_per_minute = fields.Whole(
        50, 1000, load_default=200, description="The reading speed, for `reading_time_minutes`.", example=200
    )
    publish_blockers = fields.Many(
        fields.Choice(*BLOCKERS, extensible=True),
        most=len(BLOCKERS),
        unique=True,
        load_default=list,
        description="The checks of `…/readiness` that block publishing if they fail (`not-ready`).",
        example=["missing_alt", "broken_link"],
    )


ManagedSite = made(
    "ManagedSite",
    "The site's settings as written.",
    {
        **{name: delivered(setting) for name, setting in fields_of(SiteWrite).items()},
        "updated_at": fields.Time(required=True, description="When the settings were last changed."),
        "etag": fields.Delivered(
            {"type": "string"}, required=True, example='"7"', description="The entity tag, for `If-Match`."
        ),
    },
)
ManagedSiteItem = item_of(ManagedSite)
SiteWritten = made("SiteWritten", "The settings after a write.", {**fields_of(ManagedSiteItem), "changes": changes()})


class ManagedSettings(Endpoint):
    """The site's settings, for administrators."""

    @scope("content:preview")
    @operation("getManagedSite")
    @returns(200, ManagedSiteItem, ETag=ETAG)
    def get(self, connection: Any) -> Answer:
        """Get the site's settings as written."""
        return _answer(find_site(connection))

    @scope("site:write")
    @operation("replaceSite")
    @body(SiteWrite, example={"name": "Harbour & Reed"})
    @returns(200, SiteWritten, ETag=ETAG)
    @conditional
    def put(self, write: Write, body: dict[str, Any]) -> Answer:
        """Replace the site's settings."""
        _check_precondition(write)
        return _save(write, body)

    @scope("site:write")
    @operation("updateSite")
    @body(SiteWrite, media_type=MERGE_PATCH, example={"tagline": "Books mended by hand"})
    @returns(200, SiteWritten, ETag=ETAG)
    @conditional
    def patch(self, write: Write, body: Any) -> Answer:
        """Change some of the site's settings (RFC 7396)."""
        _check_precondition(write)
        current = DEFAULTS | find_site(write.session).data
        schema = SiteWrite()
        return _save(write, load(schema, merge_patch(current, body, schema)))


def _check_precondition(write: Write) -> None:
    session = write.session
    detail = "The settings have changed since they were read."
    check_tags(session, expected_tags(), find_site(session).changed, detail, partial(changed_settings, session))


def _save(write: Write, data: dict[str, Any]) -> Answer:
    codes = [each["code"] for each in data["locales"]]
    faults = [
        Fault("duplicate", f"The locale '{code}' is in the list twice.", pointer=f"#/locales/{position}/code")
        for position, code in enumerate(codes)
        if code in codes[:position]
    ]
    faults += [
        Fault("unknown_locale", "This must be another of the site's locales.", pointer=f"#/locales/{position}/fallback")
        for position, each in enumerate(data["locales"])
        if each["fallback"] is not None and (each["fallback"] not in codes or each["fallback"] == each["code"])
    ]
    if data["default_locale"] not in codes:
        faults.append(Fault("unknown_locale", "This must be one of the site's locales.", pointer="#/default_locale"))
    if faults:
        raise Invalid(*faults)
    return replace(_answer(save_site(write, data)), before=_present)


def _present(connection: Any) -> Any:
    return _answer(find_site(connection)).document["data"]


def _answer(row: Any) -> Answer:
    values = {name: (DEFAULTS | row.data)[name] for name in SiteWrite._declared_fields}
    document = {**values, "updated_at": row.updated_at, "etag": quoted(row.changed)}
    return Answer({"data": document}, headers={"ETag": quoted(row.changed)})


ROUTES = (("manage site", "/site", ManagedSettings),)
