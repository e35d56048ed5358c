"""Every kind of problem, fault and warning that this API tells of, with its stable word."""

from cms.api.http.problems import ProblemType

PROBLEMS: dict[str, ProblemType] = {
    each.code: each
    for each in (
        ProblemType("malformed-request", 400, "Malformed request", "Mend the request line, headers or JSON syntax."),
        ProblemType("invalid-parameter", 400, "Invalid parameter", "Mend the query parameters named in `errors`."),
        ProblemType("unauthorized", 401, "A key is needed", "Send `Authorization: Bearer cms_…` with a valid key."),
        ProblemType("forbidden", 403, "The key lacks a scope", "Use a key that has the scope named in `detail`."),
        ProblemType("not-found", 404, "Not found", "Nothing visible is at this address."),
        ProblemType("method-not-allowed", 405, "Method not allowed", "Use one of the methods in `Allow`."),
        ProblemType("not-acceptable", 406, "Not acceptable", "Accept a media type named in `detail`."),
        ProblemType(
            "conflict", 409, "Conflict", "The present state forbids this; `errors` say what stands in the way."
        ),
        ProblemType("slug-taken", 409, "The slug is taken", "Choose another slug."),
        ProblemType(
            "idempotency-in-progress", 409, "The first is still running", "Repeat after `Retry-After` seconds."
        ),
        ProblemType(
            "precondition-failed", 412, "Changed in the meantime", "Fetch it again and repeat with its present `ETag`."
        ),
        ProblemType("content-too-large", 413, "Content too large", "Send a smaller body."),
        ProblemType("uri-too-long", 414, "URI too long", "Send a shorter address."),
        ProblemType(
            "unsupported-media-type", 415, "Unsupported media type", "Send one of the media types in `Accept`."
        ),
        ProblemType("validation-error", 422, "The body breaks a rule", "Mend every fault in `errors` and repeat."),
        ProblemType(
            "not-ready",
            422,
            "Not ready to be published",
            "Mend what `errors` name, pointers being into the entry, or repeat with an `override_reason`.",
        ),
        ProblemType("idempotency-key-reused", 422, "The key is of another request", "Send a new `Idempotency-Key`."),
        ProblemType(
            "precondition-required", 428, "A precondition is required", "Send `If-Match` with the entry's `ETag`."
        ),
        ProblemType("headers-too-large", 431, "Header fields too large", "Send fewer or shorter headers."),
        ProblemType("internal", 500, "Internal error", "Report the request id in `instance`."),
        ProblemType("not-implemented", 501, "Not implemented", "Use a method that HTTP defines."),
        ProblemType("temporarily-unavailable", 503, "Temporarily unavailable", "Repeat after `Retry-After` seconds."),
    )
}
# What is wrong with one thing in a request: the ``code`` of each of a problem's ``errors``.
FAULTS: dict[str, str] = {
    "duplicate": "It stands there twice, or another has its place.",
    "handle_mismatch": "The handle and the address name different profiles.",
    "excluded": "It cannot stand beside another that is there.",
    "expired_token": "What the token stands for is no longer known.",
    "has_translations": "Other entries are translations of this one.",
    "immutable": "It is fixed once it is made.",
    "in_the_past": "The instant has passed.",
    "invalid_character": "It has a character that no text may have.",
    "invalid_cursor": "The cursor is none of this list, these filters and this sort.",
    "invalid_format": "It has another form than expected.",
    "invalid_handle": "The platform has no such handles.",
    "invalid_name": "It is no name.",
    "invalid_time": "It is no instant as RFC 3339 writes it.",
    "invalid_token": "The token is none of this feed and these types.",
    "invalid_type": "It has another JSON type than expected.",
    "invalid_url": "It is no usable address.",
    "missing_scope": "The key lacks the scope that this needs.",
    "no_slug": "The content type has no slugs.",
    "not_a_profile": "The address is not that of a profile.",
    "not_live": "Nothing of the entry is live.",
    "null": "It cannot be null.",
    "out_of_order": "The end is not after the beginning.",
    "out_of_range": "It lies outside the bounds.",
    "overlaps": "Another publication is planned for that time.",
    "referred_to": "Another entry refers to it.",
    "refused": "The operation is refused for the reason that `detail` gives.",
    "repeated": "It may stand there once.",
    "required": "It is missing.",
    "self_reference": "It refers to itself.",
    "slug_taken": "Another entry has the slug.",
    "too_deep": "It is nested too deep.",
    "too_long": "It is too long.",
    "too_many": "It has too many items.",
    "too_short": "It is empty.",
    "unknown_field": "There is no such field.",
    "unknown_mark": "The mark is no decorator, and the block does not define it.",
    "unknown_provider": "Nothing of that host can be embedded.",
    "unknown_locale": "The site has no such language.",
    "unknown_operation": "There is no such operation, or none that a batch can do.",
    "unknown_parameter": "There is no such parameter.",
    "unknown_platform": "There is no such platform in the registry.",
    "unknown_reference": "It refers to nothing.",
    "unknown_revision": "The entry has no such revision.",
    "unknown_value": "It is none of the words that may stand there.",
    "validator_failed": "It is not valid.",
    "wrong_type": "It names an entry of another content type.",
    "wrong_host": "The address is not one of the platform.",
}
# What did not stop a write and is worth knowing: the ``code`` of each of its ``warnings``.
WARNINGS: dict[str, str] = {
    "broken_link": "A link leads to an entry of the site that does not exist.",
    "ends": "A plan ends, and what it replaces was to last longer and does not come back.",
    "future_date": "The editorial date lies ahead, though the entry is live.",
    "heading_jump": "A heading leaves out a level.",
    "heading_level_1": "A heading has the level of the page's title.",
    "heading_start": "The first heading is below level 2.",
    "long_description": "Pages of results show only the beginning of the description.",
    "long_title": "Pages of results show only the beginning of the title.",
    "missing_alt": "An image has no text alternative.",
    "missing_summary": "There is no summary.",
    "moved_link": "A link leads to a slug that has moved.",
    "planned_change": "An older revision is planned and will replace what is live.",
    "plain_text": "A text has so much markup that it is taken for plain text.",
    "removed_attribute": "An attribute was taken out of a text to make it safe.",
    "removed_element": "An element was taken out of a text to make it safe.",
    "unpublished_author": "It is by an author who is not live.",
    "unpublished_link": "A link leads to an entry of the site that is not live.",
    "unpublished_reference": "It refers to an entry that is not live.",
    "vague_link": "A link's text does not say where it leads.",
}
