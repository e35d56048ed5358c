"""What the OpenAPI document says of version 1: its text, its tags, its path parameters and its keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import JSONSchema
from cms.api.http.openapi import Description, openapi_document
from cms.api.http.openapi_schemas import listed
from cms.api.http.problems import FAULTS_AT_MOST
from cms.api.problem_types import FAULTS, PROBLEMS, WARNINGS
from cms.api.v1.schemas import ContentResource, Translation
from cms.api.versions import V1
from cms.keys import ROLES, SCOPES
from cms.version import API_VERSION

DESCRIPTION = f"""\
Articles, FAQ entries, authors and social links for any frontend.

**Delivery** (`{V1.prefix}/…`) shows what is live now, to anyone; credentials change nothing. **Preview**
(`{V1.preview}/…`) shows the same as its drafts, or as of any moment, with a key or a preview token. **Management**
(`{V1.management}/…`) reads and writes working copies, history and publication, with a key.
Errors are problem details (RFC 9457). A change needs `If-Match` with the entity tag of what was read. Every write
takes `dry_run=true`, which answers the same and keeps nothing. A POST with an `Idempotency-Key` is done once: the
answer to it is given again for 24 hours, to the same API key, a refusal with 404, 409 or 412 included; one with 400,
401, 403, 413, 415, 422 or 428 leaves it free. Secrets are kept nowhere and are null in an answer that is given again.
Answers may get more members, headers and media types, and lists that are marked `x-extensible` more words or forms, at
any time: a client ignores what it does not know.
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
        "The event's id: the number of its change, and its position in it.",
        {"type": "string", "maxLength": 25, "pattern": "^(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,8})$"},
    ),
}
KEYS = (
    "An API key, `cms_<id>_<secret>`; for one entry of the preview space also a preview token, `preview_…`. Scopes: "
    + " ".join(f"`{name}`: {text}" for name, text in SCOPES.items())
    + " Roles: "
    + " ".join(f"`{name}`: {', '.join(sorted(scopes))}." for name, scopes in ROLES.items())
)

TAGS = {
    "site": "The site's name, languages, addresses and navigation.",
    "platforms": "What social links can be of.",
    "redirects": "Old paths of live pages, and where they moved.",
    "changes": "What became live, changed or went.",
    "search": "Everything that is live, by words.",
    "preview": "What delivery will answer, as drafts or as of any moment.",
    "manage site": "The site's settings.",
    "batch": "Many writes in one request.",
    "keys": "API keys.",
    "events": "The audit log.",
    "feeds": "Feeds, sitemaps and files at fixed addresses, for readers, crawlers and language models.",
    "service": "Versions, health and this document.",
}


def describe(routes: Iterable[tuple[str, str, type[Endpoint]]], catalog: Sequence[ContentResource]) -> dict[str, Any]:
    """The OpenAPI document of these routes and content types."""
    words = {each.type.plural: each.words or each.type.plural.replace("-", " ") for each in catalog}
    live = {plural: f"Live {name}." for plural, name in words.items()}
    schemas = [schema for each in catalog for schema in (each.delivered, each.card) if schema is not None]
    about = Description(
        title="Headless CMS",
        version=API_VERSION,
        text=f"{DESCRIPTION}\nCodes of `warnings`: {listed(WARNINGS)}\n",
        tags=lambda tag: (TAGS | live).get(tag, f"Working copies: {tag.removeprefix('manage ')}."),
        path_parameters=PARAMETERS,
        keys=KEYS,
        problem_types=PROBLEMS,
        fault_codes=FAULTS | WARNINGS,
        problem_members={
            "usage": _named("What refers to an entry that is not deleted because of it, as its `/usage` lists it."),
            "clashes": _named("The publications that a plan overlaps: their id, revision and times."),
        },
        schemas=[Translation, *schemas],
    )
    return openapi_document(routes, about)


def _named(description: str) -> JSONSchema:
    return {"type": "array", "maxItems": FAULTS_AT_MOST, "items": {"type": "object"}, "description": description}
