"""Every kind of problem, fault and warning that this API reports, each with its stable code."""

from cms.api.http.problems import ProblemType

PROBLEMS: dict[str, ProblemType] = {
    each.code: each
    for each in (
        ProblemType(
            "malformed-request", 400, "Malformed request", "Fix the request line, the headers or the JSON syntax."
        ),
        ProblemType(
            "invalid-parameter", 400, "Invalid query parameter", "Fix the query parameters listed in `errors`."
        ),
        ProblemType(
            "unauthorized", 401, "A valid API key is required", "Send `Authorization: Bearer cms_…` with a valid key."
        ),
        ProblemType("forbidden", 403, "Insufficient scope", "Use a key that has the scope named in `detail`."),
        ProblemType("not-found", 404, "Not found", "Check the address. Delivery answers with published entries only."),
        ProblemType(
            "method-not-allowed", 405, "Method not allowed", "Use one of the methods listed in the `Allow` header."
        ),
        ProblemType("not-acceptable", 406, "Not acceptable", "Accept a media type that is named in `detail`."),
        ProblemType(
            "conflict",
            409,
            "Conflict",
            "The current state does not allow this. `detail` and `errors` give the reason.",
        ),
        ProblemType("slug-taken", 409, "The slug is taken", "Choose another slug."),
        ProblemType(
            "idempotency-in-progress",
            409,
            "The first request is still running",
            "Send the request again after `Retry-After` seconds.",
        ),
        ProblemType(
            "precondition-failed",
            412,
            "Precondition failed",
            "Fetch the resource and send the request again with its current `ETag`.",
        ),
        ProblemType("content-too-large", 413, "Content too large", "Send a smaller body."),
        ProblemType("uri-too-long", 414, "URI too long", "Use a shorter URL."),
        ProblemType(
            "unsupported-media-type",
            415,
            "Unsupported media type",
            "Send one of the media types listed in the `Accept` header of the answer.",
        ),
        ProblemType(
            "validation-error",
            422,
            "Validation failed",
            "Fix all errors listed in `errors` and send the request again.",
        ),
        ProblemType(
            "not-ready",
            422,
            "Not ready to be published",
            "Fix all errors listed in `errors`, or send the request again with an `override_reason`. Each `pointer` is "
            "a place in the entry.",
        ),
        ProblemType(
            "idempotency-key-reused",
            422,
            "The idempotency key belongs to another request",
            "Send a new `Idempotency-Key`.",
        ),
        ProblemType(
            "precondition-required",
            428,
            "A precondition is required",
            "Send `If-Match` with the current `ETag` of the resource.",
        ),
        ProblemType("headers-too-large", 431, "Header fields too large", "Send fewer or shorter headers."),
        ProblemType("internal", 500, "Internal error", "Report the error with the request id in `instance`."),
        ProblemType("not-implemented", 501, "Not implemented", "Use a standard HTTP method, in upper case."),
        ProblemType(
            "temporarily-unavailable",
            503,
            "Temporarily unavailable",
            "Send the request again after `Retry-After` seconds.",
        ),
    )
}
# What is wrong with one part of a request: the ``code`` of each item in a problem's ``errors``.
FAULTS: dict[str, str] = {
    "duplicate": "The value occurs twice, or another entry already has it.",
    "handle_mismatch": "The handle and the URL name different profiles.",
    "excluded": "The value cannot be combined with another part of the request.",
    "expired_token": "The token has expired, or belongs to another database.",
    "has_translations": "Other entries are translations of this one.",
    "immutable": "The value cannot be changed after creation.",
    "in_the_past": "The instant is in the past.",
    "invalid_character": "The text contains a character that is not allowed.",
    "invalid_cursor": "The cursor is invalid, or belongs to another list, other filters or another sort.",
    "invalid_format": "The value does not have the required form.",
    "invalid_handle": "The handle is not valid on this platform.",
    "invalid_name": "The name is invalid.",
    "invalid_time": "The value is not a valid instant (RFC 3339).",
    "invalid_token": "The token is invalid, or belongs to another feed or to other types.",
    "invalid_type": "The value has the wrong JSON type.",
    "invalid_url": "The URL is invalid.",
    "missing_scope": "The key lacks the required scope.",
    "no_slug": "The content type has no slugs.",
    "not_a_profile": "The URL is not the URL of a profile.",
    "not_live": "The entry is not live.",
    "null": "The value must not be null.",
    "out_of_order": "The end must be after the beginning.",
    "out_of_range": "The value is out of range.",
    "overlaps": "Another publication is already planned for that time.",
    "referred_to": "Another entry refers to this one.",
    "refused": "The operation was refused. `detail` gives the reason.",
    "repeated": "The parameter must not be repeated.",
    "required": "The value is required.",
    "self_reference": "The entry refers to itself.",
    "slug_taken": "Another entry already has this slug.",
    "too_deep": "The value is nested too deeply.",
    "too_long": "The value is too long.",
    "too_many": "The list has too many items.",
    "too_short": "The text is empty or too short.",
    "unknown_field": "Unknown field.",
    "unknown_mark": "The mark is neither a decorator nor defined in the block's `markDefs`.",
    "unknown_provider": "Content of this host cannot be embedded.",
    "unknown_locale": "The site does not have this locale.",
    "unknown_operation": "The operation does not exist, or a batch cannot contain it.",
    "unknown_parameter": "Unknown query parameter.",
    "unknown_platform": "The platform is not in the registry.",
    "unknown_reference": "The entry that is referred to does not exist.",
    "unknown_revision": "The entry does not have this revision.",
    "unknown_value": "The value is not one of the allowed values.",
    "validator_failed": "The value is invalid.",
    "wrong_type": "The entry that is referred to has another content type.",
    "wrong_host": "The URL's host does not belong to the platform.",
}
# What did not stop a write and is worth knowing: the ``code`` of each item in ``warnings``.
WARNINGS: dict[str, str] = {
    "broken_link": "A link leads to an entry of the site that does not exist.",
    "ends": "The publication ends. The one that it replaced was to last longer, and does not come back.",
    "future_date": "The entry is live, but its editorial date is in the future.",
    "heading_jump": "A heading skips a level.",
    "heading_level_1": "A heading has level 1, which belongs to the page's title.",
    "heading_start": "The first heading is below level 2.",
    "long_description": "The description is too long for search results, which cut it off.",
    "long_title": "The title is too long for search results, which cut it off.",
    "missing_alt": "An image has no text alternative.",
    "missing_summary": "The summary is missing.",
    "moved_link": "A link leads to an old slug, which is redirected.",
    "planned_change": "An older revision is planned and will replace the live one.",
    "plain_text": "A text has too much markup and is treated as plain text.",
    "removed_attribute": "An attribute that is unsafe or not allowed in its place was removed from a text.",
    "removed_element": "An element that is unsafe or not allowed in its place was removed from a text.",
    "unpublished_author": "An author of the entry is not live.",
    "unpublished_link": "A link leads to an entry of the site that is not live.",
    "unpublished_reference": "The entry refers to an entry that is not live.",
    "vague_link": "The text of a link does not say where it leads.",
}
