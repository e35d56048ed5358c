"""The checklist of an entry, for every type: what to mend before it is published, and what blocks that."""

from typing import Any

from cms.api.http import fields
from cms.api.http.contract import operation, problems, query, returns, scope
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.services import services
from cms.api.v1.schemas import TEXT, item_of
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import drafts
from cms.content.editing.readiness import CHECKS, Point, checklist
from cms.content.published.moment import read_moment


class ReadinessQuery(Schema):
    """Which revision to check."""

    is_query = True

    revision = fields.Whole(1, load_default=None, description="Its number; else the working copy.", example=1)


class Finding(Schema):
    """One place where a check fails."""

    pointer = fields.Delivered(TEXT, description="Into the entry as written.", example="#/hero_image/alt")
    detail = fields.Delivered(TEXT, required=True, example="The image has no text alternative.")


class ReadinessCheck(Schema):
    """One point of the list."""

    code = fields.Choice(*(each.code for each in CHECKS), extensible=True, required=True, example="missing_alt")
    title = fields.Delivered(TEXT, required=True, example="Every image has a text alternative.")
    state = fields.Choice("passed", "failed", required=True, example="failed")
    blocks = fields.Flag(
        required=True, example=False, description="Whether the site has it block publishing (`publish_blockers`)."
    )
    findings = fields.Many(fields.Group(Finding), required=True)


class Readiness(Schema):
    """Everything that is checked of an entry of this type."""

    revision = fields.Whole(1, required=True, description="The one that was checked.")
    ready = fields.Flag(required=True, description="Whether it can be published: nothing that blocks has failed.")
    checks = fields.Many(fields.Group(ReadinessCheck), required=True)


ReadinessItem = item_of(Readiness)


class EntryReadiness(TypeEndpoint):
    """The checklist of an entry."""

    @scope("content:preview")
    @operation("get{Type}Readiness")
    @query(ReadinessQuery)
    @returns(200, ReadinessItem)
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
        """Check a revision of an entry: what to mend, where, and what blocks publishing."""
        known = services()
        site = read_moment(connection, known.settings.public_url).site
        draft = drafts.find_draft(connection, self.kind, entry_id)
        points = checklist(connection, site, known.types, self.kind, draft, query["revision"])
        return Answer({"data": _readiness_document(points, query["revision"] or draft.entry.version)})


def _readiness_document(points: list[Point], revision: int) -> dict[str, Any]:
    return {
        "revision": revision,
        "ready": not any(each.blocks and each.findings for each in points),
        "checks": [
            {
                "code": each.check.code,
                "title": each.check.title,
                "state": "failed" if each.findings else "passed",
                "blocks": each.blocks,
                "findings": [{"pointer": found.pointer, "detail": found.detail} for found in each.findings],
            }
            for each in points
        ],
    }


ROUTES: TypeRoutes = (("/<entry_id>/readiness", EntryReadiness),)
