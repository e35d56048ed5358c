"""The texts of version 1's OpenAPI document: introduction, tags, path parameters and keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import JSONSchema
from cms.api.http.openapi import Description, openapi_document
from cms.api.http.openapi_schemas import listed
from cms.api.problem_types import FAULTS, PROBLEMS, WARNINGS
from cms.api.v1.schemas import ContentResource, Translation
from cms.api.versions import V1
from cms.errors import FAULTS_LISTED
from cms.keys import ROLES, SCOPES
from cms.version import API_VERSION

DESCRIPTION = f"""\
Articles, FAQ entries, authors, social links and tags for any frontend.

**Delivery** (`{V1.prefix}/…`) returns what is live now, to anyone; it ignores credentials. **Preview**
(`{V1.preview}/…`) returns the same from drafts, or as of any instant; it needs a key or a preview token.
**Management** (`{V1.management}/…`) reads and writes drafts, history and publications; it needs a key.

Errors are problem details (RFC 9457). A change needs `If-Match` with the entity tag of what was read. Every write
accepts `dry_run=true`: the answer is the same, and nothing is stored.

A POST with an `Idempotency-Key` is done once. For 24 hours, the same API key gets the first answer again for the same
`Idempotency-Key`, also if that answer was 404, 409 or 412. An answer of 400, 401, 403, 413, 415, 422 or 428 is not
kept, and the `Idempotency-Key` can be used again. Secrets are not stored: they are null in a repeated answer.

Answers may get new members, headers and media types at any time, and lists marked `x-extensible` may get new values or
forms. Clients must ignore what they do not know.
"""
PARAMETERS: Mapping[str, tuple[str, JSONSchema]] = {
    "name": ("The entry's slug or id.", {"type": "string", "maxLength": 120}),
    "entry_id": ("The entry's id.", {"type": "string", "format": "uuid"}),
    "number": (
        "The revision's number.",
        {"type": "integer", "format": "int64", "minimum": 1, "maximum": 999_999_999_999_999},
    ),
    "publication_id": ("The publication's id, from the timeline.", {"type": "string", "format": "uuid"}),
    "key_id": ("The key's id.", {"type": "string", "maxLength": 24, "pattern": "^[0-9A-Za-z]+$"}),
    "event_id": (
        "The event's id: the number of its write, and its position in that write.",
        {"type": "string", "maxLength": 25, "pattern": "^(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,8})$"},
    ),
}
KEYS = (
    "An API key, `cms_<id>_<secret>`. The preview of one entry also accepts a preview token, `preview_…`. Scopes: "
    + " ".join(f"`{name}`: {text}" for name, text in SCOPES.items())
    + " Roles: "
    + " ".join(f"`{name}`: {', '.join(sorted(scopes))}." for name, scopes in ROLES.items())
)

TAGS = {
    "site": "The site's name, languages, addresses and navigation.",
    "platforms": "The platforms that social links can belong to.",
    "redirects": "Old paths of live pages, and their present paths.",
    "changes": "Entries that became live, changed or were removed, for clients that keep a copy.",
    "search": "Full-text search over everything that is live.",
    "preview": "The answers of delivery, from drafts or as of any instant.",
    "manage site": "The site's settings.",
    "batch": "Many writes in one request.",
    "keys": "API keys.",
    "events": "The audit log.",
    "feeds": "Feeds, sitemaps and files at fixed addresses, for readers, crawlers and language models.",
    "service": "Versions, health and this document.",
}


def describe(routes: Iterable[tuple[str, str, type[Endpoint]]], catalog: Sequence[ContentResource]) -> dict[str, Any]:
    """The OpenAPI document of these routes and content types."""
    live = {each.type.plural: f"Live {each.plural_noun}." for each in catalog}
    schemas = [schema for each in catalog for schema in (each.delivered, each.card) if schema is not None]
    about = Description(
        title="Headless CMS",
        version=API_VERSION,
        text=f"{DESCRIPTION}\nCodes of `warnings`: {listed(WARNINGS)}\n",
        tags=lambda tag: (TAGS | live).get(tag, f"Drafts, history and publication: {tag.removeprefix('manage ')}."),
        path_parameters=PARAMETERS,
        keys=KEYS,
        problem_types=PROBLEMS,
        fault_codes=FAULTS | WARNINGS,
        problem_members={
            "usage": _objects("The references that prevent the deletion of the entry, as its `/usage` lists them."),
            "clashes": _objects("The publications that the plan overlaps, each with its id, revision and times."),
        },
        schemas=[Translation, *schemas],
    )
    return openapi_document(routes, about)


def _objects(description: str) -> JSONSchema:
    return {"type": "array", "maxItems": FAULTS_LISTED, "items": {"type": "object"}, "description": description}
