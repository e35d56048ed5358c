"""The redirect map: old paths of the site's pages and their present paths, for frontends and for web servers."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from flask import Response

from cms.api.answers.cacheable import cached_bytes, cached_response
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.http import fields
from cms.api.http.contract import Form, operation, public, query, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import JSONSchema
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.http.problems import InvalidParameter
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.schemas import TEXT, list_of, made
from cms.content.published.redirects import Redirect, RedirectKey, every_redirect, find_redirect, list_redirects
from cms.content.types import with_slugs
from cms.errors import Fault
from cms.redirects.maps import FORMATS

EXPORT_AT_MOST = 100_000
ADDRESS = r"^(/|https?://[^/?#\u0000-\u0020]+)[^\u0000-\u001f\u007f]*$"

DeliveredRedirect = made(
    "Redirect",
    "An old path of the site, and the present path of its page.",
    {
        "from": fields.Delivered(
            TEXT, required=True, example="/blog/a-quiet-dawn", description="The old path, percent-encoded."
        ),
        "to": fields.Delivered(
            TEXT, required=True, example="/blog/a-quiet-morning", description="The present path, percent-encoded."
        ),
        "type": fields.Delivered(TEXT, required=True, example="article"),
        "id": fields.Id(required=True),
        "locale": fields.Locale(required=True),
        "permanent": fields.Flag(required=True, description="True: redirect with 301 or 308."),
    },
)

RedirectQuery = made(
    "RedirectQuery",
    "Parameters of the redirect map.",
    {
        "from": fields.Line(
            2048,
            pattern=ADDRESS,
            description="Only this old path or address of the site. Its query, and a slash at its end, are ignored.",
            example="/blog/a-quiet-dawn",
        ),
        "format": fields.Choice(
            *FORMATS,
            description="The whole map as a file: `_redirects` for Netlify and Cloudflare Pages, `vercel.json`, the "
            "array for `redirects()` of Next.js, or a `map` for nginx.",
        ),
        "limit": fields.Whole(
            1, LIMIT_AT_MOST, load_default=LIMIT, example=20, description="The number of items on a page."
        ),
        "cursor": fields.Line(2000, description="`page.next` of the previous page; not allowed with `format`."),
        "is_query": True,
    },
)


RULES: JSONSchema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["source", "destination", "permanent"],
        "properties": {"source": TEXT, "destination": TEXT, "permanent": {"type": "boolean"}},
    },
}
RULE_FILE: JSONSchema = {"type": "object", "required": ["redirects"], "properties": {"redirects": RULES}}


class Redirects(Endpoint):
    """The redirect map."""

    @public
    @operation("listRedirects")
    @query(RedirectQuery)
    @returns(
        200,
        list_of(DeliveredRedirect),
        description="JSON, or the file that `format` names.",
        also={
            "text/plain": Form("A file for Netlify, Cloudflare Pages or nginx.", "/blog/dawn /blog/morning 301\n"),
            "application/json": Form("A file for Vercel or Next.js.", None, {"anyOf": [RULE_FILE, RULES]}),
        },
        ETag="Strong entity tag of the answer's bytes.",
        Link="`next` and `first` (RFC 8288).",
    )
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """List the old paths of live pages, with their present paths.

        Chains are resolved. A type has no redirects if its URL pattern is null, or has a query or a fragment.
        """
        if query.get("format"):
            return _file(reading, query)
        after = read_cursor(query.get("cursor"), query)
        if query.get("from"):
            redirects, more = _found(reading, query["from"]), False
        else:
            key = RedirectKey(after[0][0], after[0][1], after[0][2], after[1]) if after else None
            redirects, more = list_redirects(reading.connection, reading.moment, _types(), key, query["limit"])
        following = (redirects[-1].key[:3], redirects[-1].key.entry_id) if more else None
        document, headers = page([_document(redirect) for redirect in redirects], query, following, None)
        return cached_response(document, cache_headers(reading.moment) | _tags(redirects) | headers)


def _types() -> list[str]:
    return with_slugs(services().types)


def _found(reading: Reading, address: str) -> list[Redirect]:
    try:
        redirect = find_redirect(reading.connection, reading.moment, _types(), address)
    except ValueError:
        raise InvalidParameter(
            Fault("invalid_url", "This must be a path, or an address of the form https://host/path.", parameter="from")
        ) from None
    return [redirect] if redirect else []


def _document(redirect: Redirect) -> dict[str, Any]:
    return {
        "from": redirect.from_path,
        "to": redirect.to_path,
        "type": redirect.key.type,
        "id": redirect.key.entry_id,
        "locale": redirect.key.locale,
        "permanent": True,
    }


def _file(reading: Reading, query: dict[str, Any]) -> Response:
    """All redirects, or those of one address, as a file; raises ``InvalidParameter`` if they are too many."""
    if query.get("cursor"):
        raise InvalidParameter(
            Fault("excluded", "A file has no pages: leave out `cursor` or `format`.", parameter="cursor")
        )
    media_type, write = FORMATS[query["format"]]
    redirects = _found(reading, query["from"]) if query.get("from") else _every(reading)
    content = write((redirect.from_path, redirect.to_path) for redirect in redirects)
    return cached_bytes(content, media_type, cache_headers(reading.moment) | _tags(redirects))


def _tags(redirects: Iterable[Redirect]) -> dict[str, str]:
    """The cache tags of a map: all types, since any of their entries may be renamed, and the entries in the map."""
    return tag_headers(((redirect.key.type, redirect.key.entry_id) for redirect in redirects), _types())


def _every(reading: Reading) -> Sequence[Redirect]:
    redirects = list(islice(every_redirect(reading.connection, reading.moment, _types()), EXPORT_AT_MOST + 1))
    if len(redirects) > EXPORT_AT_MOST:
        detail = f"There are more than {EXPORT_AT_MOST} redirects. Read them in pages, without `format`."
        raise InvalidParameter(Fault("too_many", detail, parameter="format"))
    return redirects


ROUTES = (("redirects", "/redirects", Redirects),)
