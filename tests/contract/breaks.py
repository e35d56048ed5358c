"""Seeded breaks: edits of the real document that a client would not survive, each with the rule that must find it."""

from collections.abc import Callable

from tests.contract.documents import JSONObject
from tests.contract.editing import Case, Edit, answer, member, operation, operations, parameter, schema

CASES: list[Case] = []


def breaks(rule: str, reach: str) -> Callable[[Edit], Edit]:
    """Add an edit to the table."""

    def add(edit: Edit) -> Edit:
        CASES.append(Case(edit, rule, reach))
        return edit

    return add


# Operations, and who may call them.


@breaks("operation-removed", "GET /api/v1/articles/{name}")
def remove_a_method(of: JSONObject) -> None:
    del of["paths"]["/api/v1/articles/{name}"]["get"]


@breaks("operation-removed", "GET /feeds/articles.rss")
def rename_a_path(of: JSONObject) -> None:
    of["paths"]["/feeds/articles.xml"] = of["paths"].pop("/feeds/articles.rss")


@breaks("operation-removed", "DELETE /api/v1/manage/keys/{key_id}")
def move_an_operation_to_another_method(of: JSONObject) -> None:
    item = of["paths"]["/api/v1/manage/keys/{key_id}"]
    item["post"] = item.pop("delete")


@breaks("operation-id-changed", "GET /api/v1/search")
def rename_an_operation(of: JSONObject) -> None:
    operation(of, "GET /api/v1/search")["operationId"] = "find"


@breaks("server-removed", "*")
def move_everything_below_another_address(of: JSONObject) -> None:
    of["servers"][0]["url"] = "/cms"


@breaks("security-tightened", "GET /api/v1/redirects")
def ask_for_a_key_where_anyone_could_read(of: JSONObject) -> None:
    operation(of, "GET /api/v1/redirects")["security"] = [{"key": []}]


@breaks("security-tightened", "POST /api/v1/manage/keys")
def ask_for_a_second_credential(of: JSONObject) -> None:
    operation(of, "POST /api/v1/manage/keys")["security"] = [{"key": [], "second-factor": []}]


@breaks("security-tightened", "GET /api/v1/manage/events")
def ask_for_a_scope_of_the_scheme(of: JSONObject) -> None:
    operation(of, "GET /api/v1/manage/events")["security"] = [{"key": ["audit"]}]


@breaks("scope-changed", "GET /api/v1/manage/whoami")
def ask_for_a_scope_where_any_key_would_do(of: JSONObject) -> None:
    operation(of, "GET /api/v1/manage/whoami")["x-scope"] = "keys:write"


@breaks("scope-changed", "GET /api/v1/manage/tags")
def ask_for_another_scope(of: JSONObject) -> None:
    operation(of, "GET /api/v1/manage/tags")["x-scope"] = "content:publish"


@breaks("security-scheme-changed", "keys")
def take_keys_in_another_way(of: JSONObject) -> None:
    of["components"]["securitySchemes"]["key"]["scheme"] = "basic"


# Parameters.


def remove_parameter(of: JSONObject, name: str, parameter_name: str) -> None:
    operation(of, name)["parameters"].remove(parameter(of, name, parameter_name))


@breaks("request-parameter-removed", "GET /api/v1/articles")
def remove_a_filter(of: JSONObject) -> None:
    remove_parameter(of, "GET /api/v1/articles", "tag")


@breaks("request-parameter-removed", "GET /api/v1/changes")
def rename_a_parameter(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/changes", "since")["name"] = "after"


@breaks("request-parameter-removed", "PUT /api/v1/manage/tags/{entry_id}")
def take_a_header_no_more(of: JSONObject) -> None:
    remove_parameter(of, "PUT /api/v1/manage/tags/{entry_id}", "If-None-Match")


@breaks("request-parameter-removed", "GET /api/v1/preview/articles/{name}")
def move_a_parameter_to_a_header(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/preview/articles/{name}", "token")["in"] = "header"


@breaks("request-parameter-added-required", "GET /api/v1/faqs")
def add_a_parameter_that_must_be_sent(of: JSONObject) -> None:
    new = {"name": "audience", "in": "query", "required": True, "schema": {"type": "string"}}
    operation(of, "GET /api/v1/faqs")["parameters"].append(new)


@breaks("request-parameter-became-required", "GET /api/v1/redirects")
def require_a_parameter(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/redirects", "from")["required"] = True


@breaks("request-parameter-became-required", "POST /api/v1/manage/faqs/{entry_id}/undelete")
def require_a_precondition(of: JSONObject) -> None:
    parameter(of, "POST /api/v1/manage/faqs/{entry_id}/undelete", "If-Match")["required"] = True


@breaks("request-parameter-style-changed", "GET /api/v1/articles")
def read_a_list_in_another_form(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "author")["explode"] = False


@breaks("request-limit-tightened", "GET /api/v1/articles")
def lower_a_maximum(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "limit")["schema"]["maximum"] = 50


@breaks("request-limit-tightened", "GET /api/v1/tags")
def make_a_bound_exclusive(of: JSONObject) -> None:
    limit = parameter(of, "GET /api/v1/tags", "limit")["schema"]
    limit["exclusiveMinimum"] = limit.pop("minimum")


@breaks("request-limit-tightened", "GET /api/v1/authors")
def accept_fewer_items(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/authors", "id")["schema"]["maxItems"] = 10


@breaks("request-limit-tightened", "GET /api/v1/articles")
def shorten_the_items_of_a_list(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "tag")["schema"]["items"]["maxLength"] = 50


@breaks("request-limit-tightened", "GET /api/v1/articles/{name}")
def shorten_a_part_of_the_path(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles/{name}", "name")["schema"]["maxLength"] = 60


@breaks("request-limit-tightened", "GET /api/v1/search")
def accept_only_some_numbers(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/search", "limit")["schema"]["multipleOf"] = 10


@breaks("request-value-removed", "GET /api/v1/articles")
def remove_a_sort(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "sort")["schema"]["enum"].remove("title")


@breaks("request-value-removed", "GET /api/v1/redirects")
def replace_free_text_by_a_list_of_words(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/redirects", "from")["schema"]["enum"] = ["/blog", "/news"]


@breaks("request-default-changed", "GET /api/v1/articles")
def change_a_default(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "limit")["schema"]["default"] = 10


@breaks("request-default-changed", "GET /api/v1/manage/events")
def remove_a_default(of: JSONObject) -> None:
    del parameter(of, "GET /api/v1/manage/events", "sort")["schema"]["default"]


@breaks("request-type-changed", "GET /api/v1/manage/articles/{entry_id}/readiness")
def change_the_type_of_a_parameter(of: JSONObject) -> None:
    name = "GET /api/v1/manage/articles/{entry_id}/readiness"
    parameter(of, name, "revision")["schema"]["type"] = ["string", "null"]


@breaks("request-pattern-changed", "GET /api/v1/manage/keys/{key_id}")
def change_a_pattern(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/manage/keys/{key_id}", "key_id")["schema"]["pattern"] = "^[0-9a-f]+$"


@breaks("request-format-changed", "GET /api/v1/changes")
def ask_for_a_format(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/changes", "since")["schema"]["format"] = "uuid"


# Bodies that are sent.


@breaks("request-body-removed", "POST /api/v1/manage/articles/{entry_id}/restore")
def read_no_body(of: JSONObject) -> None:
    del operation(of, "POST /api/v1/manage/articles/{entry_id}/restore")["requestBody"]


@breaks("request-body-added-required", "POST /api/v1/manage/tags/{entry_id}/undelete")
def ask_for_a_body(of: JSONObject) -> None:
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    operation(of, "POST /api/v1/manage/tags/{entry_id}/undelete")["requestBody"] = body


@breaks("request-body-became-required", "PUT /api/v1/manage/articles/{entry_id}/publication")
def require_a_body(of: JSONObject) -> None:
    operation(of, "PUT /api/v1/manage/articles/{entry_id}/publication")["requestBody"]["required"] = True


@breaks("request-media-type-removed", "POST /api/v1/manage/articles")
def read_markdown_no_more(of: JSONObject) -> None:
    del operation(of, "POST /api/v1/manage/articles")["requestBody"]["content"]["text/markdown"]


@breaks("request-property-removed", "ArticleWrite")
def remove_a_member_of_a_body(of: JSONObject) -> None:
    del schema(of, "ArticleWrite")["properties"]["note"]


@breaks("request-property-added-required", "TagWrite")
def add_a_member_that_must_be_sent(of: JSONObject) -> None:
    schema(of, "TagWrite")["properties"]["colour"] = {"type": "string"}
    schema(of, "TagWrite")["required"].append("colour")


@breaks("request-property-became-required", "ArticleWrite")
def require_a_member(of: JSONObject) -> None:
    schema(of, "ArticleWrite")["required"].append("summary")


@breaks("request-limit-tightened", "ArticleWrite")
def shorten_a_text(of: JSONObject) -> None:
    member(of, "ArticleWrite", "title")["maxLength"] = 100


@breaks("request-limit-tightened", "TagWrite")
def shorten_a_text_by_a_second_schema(of: JSONObject) -> None:
    schema(of, "TagWrite")["properties"]["name"] = {"allOf": [member(of, "TagWrite", "name"), {"maxLength": 10}]}


@breaks("request-limit-tightened", "KeyWrite")
def refuse_a_repeated_item(of: JSONObject) -> None:
    member(of, "KeyWrite", "scopes")["uniqueItems"] = True


@breaks("request-limit-tightened", "BatchOperation")
def accept_fewer_members(of: JSONObject) -> None:
    member(of, "BatchOperation", "query")["maxProperties"] = 10


@breaks("request-null-refused", "TagPatch")
def refuse_null(of: JSONObject) -> None:
    member(of, "TagPatch", "slug")["type"] = "string"


@breaks("request-null-refused", "SiteWrite")
def refuse_null_beside_a_reference(of: JSONObject) -> None:
    logo = member(of, "SiteWrite", "logo")
    logo["anyOf"] = [each for each in logo["anyOf"] if each != {"type": "null"}]


@breaks("request-value-removed", "KeyWrite")
def remove_a_role(of: JSONObject) -> None:
    member(of, "KeyWrite", "role")["anyOf"][0]["enum"].remove("viewer")


@breaks("request-pattern-changed", "Duplicate")
def change_the_pattern_of_a_member(of: JSONObject) -> None:
    member(of, "Duplicate", "slug")["pattern"] = "^[a-z-]+$"


@breaks("request-format-changed", "PreviewTokenWrite")
def narrow_a_number(of: JSONObject) -> None:
    member(of, "PreviewTokenWrite", "expires_in_seconds")["format"] = "int32"


@breaks("request-additional-properties-refused", "FAQWrite")
def close_an_object(of: JSONObject) -> None:
    member(of, "FAQWrite", "extra")["additionalProperties"] = False


@breaks("request-alternative-removed", "ArticleWrite")
def refuse_a_kind_of_block(of: JSONObject) -> None:
    (blocks,) = (
        each["properties"]["source"]["items"]
        for each in member(of, "ArticleWrite", "body")["anyOf"][0]["oneOf"]
        if each.get("properties", {}).get("format", {}).get("enum") == ["blocks"]
    )
    blocks["oneOf"] = [each for each in blocks["oneOf"] if not each["$ref"].endswith("/EmbedBlockWrite")]


@breaks("request-type-changed", "BatchOperation")
def refuse_a_type_within_a_map(of: JSONObject) -> None:
    scalar, _ = member(of, "BatchOperation", "query")["additionalProperties"]["anyOf"]
    scalar["type"] = ["boolean", "string"]


@breaks("request-default-changed", "SiteWrite")
def change_the_default_of_a_member(of: JSONObject) -> None:
    member(of, "SiteWrite", "words_per_minute")["default"] = 250


@breaks("request-keyword-changed", "AuthorWrite")
def add_a_rule_that_the_detector_does_not_know(of: JSONObject) -> None:
    schema(of, "AuthorWrite")["dependentRequired"] = {"website": ["bio"]}


# Answers.


@breaks("response-status-removed", "GET /api/v1/articles")
def revalidate_no_more(of: JSONObject) -> None:
    del operation(of, "GET /api/v1/articles")["responses"]["304"]


@breaks("response-status-removed", "POST /api/v1/manage/keys")
def answer_with_another_status(of: JSONObject) -> None:
    answers = operation(of, "POST /api/v1/manage/keys")["responses"]
    answers["200"] = answers.pop("201")


@breaks("response-status-removed", "GET /api/v1/manage/keys/{key_id}")
def hide_that_nothing_is_there(of: JSONObject) -> None:
    del operation(of, "GET /api/v1/manage/keys/{key_id}")["responses"]["404"]


@breaks("response-media-type-removed", "GET /api/v1/articles/{name}")
def answer_with_markdown_no_more(of: JSONObject) -> None:
    del answer(of, "GET /api/v1/articles/{name}", 200)["content"]["text/markdown"]


@breaks("response-media-type-removed", "GET /api/v1/manage/keys")
def answer_without_a_body(of: JSONObject) -> None:
    del answer(of, "GET /api/v1/manage/keys", 200)["content"]


@breaks("response-header-removed", "GET /api/v1/articles/{name}")
def send_no_entity_tag(of: JSONObject) -> None:
    del answer(of, "GET /api/v1/articles/{name}", 200)["headers"]["ETag"]


@breaks("response-header-removed", "503.temporarily-unavailable")
def do_not_say_when_to_try_again(of: JSONObject) -> None:
    del of["components"]["responses"]["503.temporarily-unavailable"]["headers"]["Retry-After"]


@breaks("response-type-changed", "503.temporarily-unavailable")
def say_it_as_a_date(of: JSONObject) -> None:
    retry = of["components"]["responses"]["503.temporarily-unavailable"]["headers"]["Retry-After"]
    retry["schema"] = {"type": "string"}


@breaks("response-property-removed", "Article")
def remove_a_member_of_an_answer(of: JSONObject) -> None:
    del schema(of, "Article")["properties"]["title"]
    schema(of, "Article")["required"].remove("title")


@breaks("response-property-removed", "Problem")
def remove_an_optional_member_deep_in_an_answer(of: JSONObject) -> None:
    del member(of, "Problem", "errors", "*")["properties"]["pointer"]


@breaks("response-property-removed", "Caller")
def rename_a_member_of_an_answer(of: JSONObject) -> None:
    caller = schema(of, "Caller")
    caller["properties"]["rights"] = caller["properties"].pop("scopes")
    caller["required"] = ["id", "name", "rights"]


@breaks("response-property-removed", "GET /api/v1/tags")
def answer_with_a_smaller_schema(of: JSONObject) -> None:
    schemas = of["components"]["schemas"]
    schemas["ShortTagList"] = {**schemas["TagList"], "properties": dict(schemas["TagList"]["properties"])}
    del schemas["ShortTagList"]["properties"]["links"]
    schemas["ShortTagList"]["required"] = ["data", "page"]
    content = answer(of, "GET /api/v1/tags", 200)["content"]["application/json"]
    content["schema"] = {"$ref": "#/components/schemas/ShortTagList"}


@breaks("response-property-removed", "ManagedTag")
def deliver_nothing_of_what_was_free(of: JSONObject) -> None:
    member(of, "ManagedTag", "extra")["additionalProperties"] = False


@breaks("response-property-became-optional", "PageInformation")
def leave_a_member_out_sometimes(of: JSONObject) -> None:
    schema(of, "PageInformation")["required"].remove("next")


@breaks("response-null-added", "ArticleCard")
def answer_with_null(of: JSONObject) -> None:
    member(of, "ArticleCard", "slug")["type"] = ["string", "null"]


@breaks("response-null-added", "SearchResult")
def answer_with_null_beside_a_reference(of: JSONObject) -> None:
    snippets = schema(of, "SearchResult")["properties"]
    snippets["snippets"] = {"anyOf": [snippets["snippets"], {"type": "null"}]}


@breaks("response-type-changed", "Article")
def change_the_type_of_a_member(of: JSONObject) -> None:
    schema(of, "Article")["properties"]["version"] = {"type": "string"}


@breaks("response-type-changed", "Article")
def answer_with_fractions(of: JSONObject) -> None:
    member(of, "Article", "word_count")["type"] = "number"


@breaks("response-type-changed", "Article")
def embed_texts(of: JSONObject) -> None:
    member(of, "Article", "toc")["items"] = {"type": "string"}


@breaks("response-value-added", "Publication")
def answer_with_another_word(of: JSONObject) -> None:
    member(of, "Publication", "status")["enum"].append("archived")


@breaks("response-value-added", "ChangeItem")
def answer_with_any_word(of: JSONObject) -> None:
    del member(of, "ChangeItem", "action")["enum"]


@breaks("response-limit-loosened", "AuthorCard")
def answer_with_longer_texts(of: JSONObject) -> None:
    member(of, "AuthorCard", "name")["maxLength"] = 500


@breaks("response-limit-loosened", "Revision")
def answer_with_smaller_numbers(of: JSONObject) -> None:
    del member(of, "Revision", "number")["minimum"]


@breaks("response-format-changed", "Translation")
def answer_with_relative_addresses(of: JSONObject) -> None:
    member(of, "Translation", "url")["format"] = "uri-reference"


@breaks("response-format-changed", "Interval")
def answer_with_any_text_for_a_time(of: JSONObject) -> None:
    del member(of, "Interval", "live_from")["format"]


@breaks("response-pattern-changed", "TagCard")
def answer_with_other_slugs(of: JSONObject) -> None:
    member(of, "TagCard", "slug")["pattern"] = "^[a-z0-9/-]+$"


@breaks("response-alternative-added", "Article")
def embed_something_else_beside(of: JSONObject) -> None:
    member(of, "Article", "authors", "*")["anyOf"].append({"$ref": "#/components/schemas/SocialLink"})


@breaks("response-type-changed", "Site")
def change_the_values_of_a_map(of: JSONObject) -> None:
    member(of, "Site", "url_patterns")["additionalProperties"]["type"] = ["string", "null", "object"]


def secured(of: JSONObject) -> tuple[str, ...]:
    """The operations that need a key."""
    return tuple(sorted(name for name, each in operations(of) if each["security"]))
