"""Harmless edits: changes of the real document that no client has to notice."""

import json
from typing import Any

from tests.contract.documents import JSONObject
from tests.contract.editing import Edit, answer, member, operation, operations, parameter, replace_everywhere, schema

EDITS: list[Edit] = []


def harmless(edit: Edit) -> Edit:
    """Add an edit to the table."""
    EDITS.append(edit)
    return edit


def rewrite(node: Any, name: str, value: Any) -> None:
    """Set a keyword wherever it is text."""
    if isinstance(node, dict):
        for key, each in node.items():
            if key == name and isinstance(each, str):
                node[key] = value
            else:
                rewrite(each, name, value)
    elif isinstance(node, list):
        for each in node:
            rewrite(each, name, value)


def reordered(node: Any) -> Any:
    """The same with the members of every object, and the items of every list without an order, the other way round."""
    if isinstance(node, dict):
        return {name: reordered(each) for name, each in reversed(node.items())}
    return [reordered(each) for each in reversed(node)] if isinstance(node, list) else node


# What is written for readers.


@harmless
def describe_everything_otherwise(of: JSONObject) -> None:
    rewrite(of, "description", "Said in other words.")


@harmless
def summarise_otherwise(of: JSONObject) -> None:
    rewrite(of["paths"], "summary", "Do it")


@harmless
def show_other_examples(of: JSONObject) -> None:
    answer(of, "GET /api/v1/articles", 200)["content"]["application/json"]["example"] = {"data": []}


@harmless
def sort_operations_under_other_tags(of: JSONObject) -> None:
    for _, each in operations(of):
        each["tags"] = ["everything"]
    of["tags"] = [{"name": "everything"}]


@harmless
def raise_the_version(of: JSONObject) -> None:
    of["info"]["version"] = "1.1.0"
    of["openapi"] = "3.1.1"


@harmless
def drop_the_links(of: JSONObject) -> None:
    for _, each in operations(of):
        for response in each["responses"].values():
            response.pop("links", None)


@harmless
def deprecate_something(of: JSONObject) -> None:
    operation(of, "GET /api/v1/search")["deprecated"] = True
    parameter(of, "GET /api/v1/articles", "q")["deprecated"] = True
    member(of, "Article", "subtitle")["deprecated"] = True


@harmless
def add_an_extension(of: JSONObject) -> None:
    operation(of, "GET /api/v1/search")["x-rate-limit"] = 60
    member(of, "Article", "title")["x-order"] = 1


@harmless
def say_less_about_the_tag_of_a_union(of: JSONObject) -> None:
    del member(of, "Body", "blocks", "*")["discriminator"]


# The same, written otherwise.


@harmless
def turn_everything_round(of: JSONObject) -> None:
    turned = reordered(of)
    of.clear()
    of.update(turned)


@harmless
def rename_a_schema(of: JSONObject) -> None:
    schemas = of["components"]["schemas"]
    schemas["Piece"] = schemas.pop("Article")
    replace_everywhere(of, "#/components/schemas/Article", "#/components/schemas/Piece")


@harmless
def rename_a_schema_that_holds_itself(of: JSONObject) -> None:
    schemas = of["components"]["schemas"]
    for name in ("ListBlock", "ListItem", "PullOutBlock"):
        schemas[f"{name}2"] = schemas.pop(name)
        replace_everywhere(of, f"#/components/schemas/{name}", f"#/components/schemas/{name}2")


@harmless
def rename_an_answer(of: JSONObject) -> None:
    answers = of["components"]["responses"]
    answers["NotFound"] = answers.pop("404.not-found")
    replace_everywhere(of, "#/components/responses/404.not-found", "#/components/responses/NotFound")


@harmless
def write_a_schema_where_it_is_used(of: JSONObject) -> None:
    schema(of, "ArticleList")["properties"]["page"] = schema(of, "PageInformation")


@harmless
def write_an_answer_where_it_is_used(of: JSONObject) -> None:
    answers = operation(of, "GET /api/v1/search")["responses"]
    answers["400"] = of["components"]["responses"]["400.invalid-parameter.malformed-request"]


@harmless
def give_a_schema_a_name(of: JSONObject) -> None:
    of["components"]["schemas"]["ProblemDetail"] = member(of, "Problem", "errors", "*")
    member(of, "Problem", "errors")["items"] = {"$ref": "#/components/schemas/ProblemDetail"}


@harmless
def give_a_parameter_a_name(of: JSONObject) -> None:
    limit = parameter(of, "GET /api/v1/tags", "limit")
    of["components"]["parameters"] = {"limit": dict(limit)}
    limit.clear()
    limit["$ref"] = "#/components/parameters/limit"


@harmless
def give_a_body_a_name(of: JSONObject) -> None:
    create = operation(of, "POST /api/v1/manage/tags")
    of["components"]["requestBodies"] = {"NewTag": create["requestBody"]}
    create["requestBody"] = {"$ref": "#/components/requestBodies/NewTag"}


@harmless
def write_null_as_an_alternative(of: JSONObject) -> None:
    for name in ("Tag", "TagWrite"):
        slug = member(of, name, "slug")
        own = {keyword: slug.pop(keyword) for keyword in ("type", "minLength", "maxLength", "pattern")}
        slug["anyOf"] = [own | {"type": "string"}, {"type": "null"}]


@harmless
def write_null_in_a_list_of_types(of: JSONObject) -> None:
    role = member(of, "KeyWrite", "role")
    words = role.pop("anyOf")[0]["enum"]
    role |= {"type": ["string", "null"], "enum": [*words, None]}


@harmless
def take_a_schema_apart(of: JSONObject) -> None:
    for name in ("Tag", "TagWrite"):
        whole = schema(of, name)
        first, *rest = whole["properties"].items()
        parts = [{"type": "object", "properties": dict([first])}, {"type": "object", "properties": dict(rest)}]
        whole["allOf"] = [{"required": whole.pop("required")}, {"properties": parts[0]["properties"]}]
        whole["properties"] = whole["properties"] | parts[1]["properties"]


@harmless
def refer_through_all_of(of: JSONObject) -> None:
    data = schema(of, "TagItem")["properties"]
    data["data"] = {"allOf": [data["data"]], "description": "The tag."}


@harmless
def write_a_constant(of: JSONObject) -> None:
    kind = member(of, "EmbedBlock", "_type")
    (kind["const"],) = kind.pop("enum")


@harmless
def divide_a_list_of_words(of: JSONObject) -> None:
    for found in (member(of, "Publication", "status"), parameter(of, "GET /api/v1/articles", "sort")["schema"]):
        first, *rest = found.pop("enum")
        found["oneOf"] = [{"type": "string", "enum": [first]}, {"type": "string", "enum": rest}]


@harmless
def say_what_holds_anyway(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "sort")["style"] = "form"
    parameter(of, "GET /api/v1/articles/{name}", "name") | {"style": "simple", "explode": False}
    del parameter(of, "GET /api/v1/articles", "tag")["explode"]


@harmless
def write_parameters_at_the_path(of: JSONObject) -> None:
    item = of["paths"]["/api/v1/manage/keys/{key_id}"]
    item["parameters"] = [parameter(of, "GET /api/v1/manage/keys/{key_id}", "key_id")]
    for method in ("get", "delete"):
        item[method]["parameters"] = [each for each in item[method]["parameters"] if each["name"] != "key_id"]


@harmless
def rename_a_part_of_a_path(of: JSONObject) -> None:
    of["paths"]["/api/v1/articles/{slug_or_id}"] = of["paths"].pop("/api/v1/articles/{name}")
    parameter(of, "GET /api/v1/articles/{slug_or_id}", "name")["name"] = "slug_or_id"


@harmless
def write_headers_in_small_letters(of: JSONObject) -> None:
    headers = answer(of, "GET /api/v1/articles", 200)["headers"]
    headers["etag"] = headers.pop("ETag")
    parameter(of, "GET /api/v1/articles", "If-None-Match")["name"] = "if-none-match"


@harmless
def write_a_media_type_otherwise(of: JSONObject) -> None:
    content = answer(of, "GET /api/v1/articles", 200)["content"]
    content["Application/JSON"] = content.pop("application/json")


@harmless
def answer_with_a_range_of_statuses(of: JSONObject) -> None:
    answers = operation(of, "GET /api/v1/manage/keys/{key_id}")["responses"]
    answers["4XX"] = answers.pop("404")
    answers["default"] = answers.pop("500")


# More than before.


@harmless
def add_a_path(of: JSONObject) -> None:
    of["paths"]["/api/v1/quizzes"] = json.loads(json.dumps(of["paths"]["/api/v1/tags"]))


@harmless
def add_a_method(of: JSONObject) -> None:
    of["paths"]["/api/v1/search"]["post"] = dict(operation(of, "GET /api/v1/search"), operationId="searchByBody")


@harmless
def add_parameters(of: JSONObject) -> None:
    new = [
        {"name": name, "in": place, "schema": {"type": "string"}} for name, place in (("a", "query"), ("b", "header"))
    ]
    operation(of, "GET /api/v1/articles")["parameters"] += new


@harmless
def add_a_member_to_a_body(of: JSONObject) -> None:
    schema(of, "ArticleWrite")["properties"]["kicker"] = {"type": "string", "maxLength": 80}


@harmless
def add_a_body_that_may_be_sent(of: JSONObject) -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation(of, "POST /api/v1/manage/tags/{entry_id}/undelete")["requestBody"] = body


@harmless
def read_another_media_type(of: JSONObject) -> None:
    content = operation(of, "POST /api/v1/manage/tags")["requestBody"]["content"]
    content["application/yaml"] = {"schema": {"type": "string"}}


@harmless
def add_members_to_an_answer(of: JSONObject) -> None:
    article = schema(of, "Article")
    article["properties"] |= {"kicker": {"type": "string"}, "mood": {"type": ["string", "null"]}}
    article["required"].append("kicker")


@harmless
def add_a_header_to_an_answer(of: JSONObject) -> None:
    for _, each in operations(of):
        for response in each["responses"].values():
            response.setdefault("headers", {})["RateLimit"] = {"schema": {"type": "string"}}


@harmless
def answer_with_another_media_type(of: JSONObject) -> None:
    content = answer(of, "GET /api/v1/tags", 200)["content"]
    content["text/csv"] = {"schema": {"type": "string"}}


@harmless
def answer_with_another_problem(of: JSONObject) -> None:
    operation(of, "GET /api/v1/tags")["responses"]["429"] = {
        "$ref": "#/components/responses/503.temporarily-unavailable"
    }


@harmless
def answer_with_another_success(of: JSONObject) -> None:
    operation(of, "POST /api/v1/manage/batch")["responses"]["202"] = {"description": "Being done."}


@harmless
def let_a_list_grow_that_is_declared_to(of: JSONObject) -> None:
    member(of, "Problem", "errors", "*", "code")["enum"].append("too_loud")
    member(of, "Warning", "code")["enum"].append("dull")
    member(of, "Caller", "scopes", "*")["enum"].append("quizzes:write")
    member(of, "EmbedBlock", "provider")["enum"].append("peertube")


@harmless
def answer_with_another_kind_of_block(of: JSONObject) -> None:
    of["components"]["schemas"]["QuizBlock"] = {
        "type": "object",
        "properties": {"_type": {"type": "string", "enum": ["quiz"]}},
        "required": ["_type"],
    }
    member(of, "Body", "blocks", "*")["oneOf"].append({"$ref": "#/components/schemas/QuizBlock"})


@harmless
def add_a_server(of: JSONObject) -> None:
    of["servers"].append({"url": "https://cms.example"})


# Asking for less.


@harmless
def let_a_parameter_be_left_out(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/search", "q")["required"] = False
    parameter(of, "DELETE /api/v1/manage/tags/{entry_id}", "If-Match")["required"] = False


@harmless
def let_a_member_be_left_out(of: JSONObject) -> None:
    schema(of, "TagWrite")["required"].remove("name")


@harmless
def let_a_body_be_left_out(of: JSONObject) -> None:
    operation(of, "POST /api/v1/manage/tags")["requestBody"]["required"] = False


@harmless
def accept_longer_texts_and_more_items(of: JSONObject) -> None:
    member(of, "ArticleWrite", "title")["maxLength"] = 300
    del member(of, "FAQWrite", "question")["maxLength"]
    parameter(of, "GET /api/v1/articles", "tag")["schema"]["maxItems"] = 50
    member(of, "BatchOperation", "query")["maxProperties"] = 500


@harmless
def accept_larger_and_smaller_numbers(of: JSONObject) -> None:
    limit = parameter(of, "GET /api/v1/articles", "limit")["schema"]
    limit |= {"minimum": 0, "maximum": 1000}


@harmless
def accept_another_word(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/articles", "sort")["schema"]["enum"].append("-title")
    member(of, "KeyWrite", "role")["anyOf"][0]["enum"].append("guest")


@harmless
def accept_any_form(of: JSONObject) -> None:
    del parameter(of, "GET /api/v1/articles", "locale")["schema"]["pattern"]
    del member(of, "PublicationWrite", "live_from")["format"]
    del member(of, "TagWrite", "name")["pattern"]


@harmless
def accept_null(of: JSONObject) -> None:
    member(of, "KeyWrite", "name")["type"] = ["string", "null"]


@harmless
def accept_another_type(of: JSONObject) -> None:
    member(of, "Restore", "revision")["type"] = ["integer", "string"]
    member(of, "PreviewTokenWrite", "expires_in_seconds")["type"] = "number"


@harmless
def accept_another_kind_of_block(of: JSONObject) -> None:
    of["components"]["schemas"]["QuizBlockWrite"] = {
        "type": "object",
        "properties": {"_type": {"type": "string", "enum": ["quiz"]}},
        "required": ["_type"],
    }
    content = schema(of, "PullOutBlockWrite")["properties"]["content"]["items"]
    content["oneOf"].append({"$ref": "#/components/schemas/QuizBlockWrite"})


@harmless
def accept_members_that_are_not_named(of: JSONObject) -> None:
    schema(of, "TagWrite")["additionalProperties"] = True


@harmless
def say_what_happens_without_a_parameter(of: JSONObject) -> None:
    parameter(of, "GET /api/v1/redirects", "format")["schema"]["default"] = "json"


@harmless
def ask_for_no_scope(of: JSONObject) -> None:
    operation(of, "GET /api/v1/manage/keys")["x-scope"] = "any"


@harmless
def ask_for_no_key(of: JSONObject) -> None:
    whoami = operation(of, "GET /api/v1/manage/whoami")
    whoami["security"] = []
    del whoami["x-scope"]


@harmless
def take_other_credentials_as_well(of: JSONObject) -> None:
    operation(of, "GET /api/v1/manage/events")["security"].append({"session": []})


# Promising more.


@harmless
def always_deliver_a_member(of: JSONObject) -> None:
    schema(of, "PageInformation")["required"].append("total")


@harmless
def never_answer_with_null(of: JSONObject) -> None:
    member(of, "Article", "slug")["type"] = "string"
    member(of, "Author", "bio")["anyOf"].remove({"type": "null"})


@harmless
def answer_with_fewer_words(of: JSONObject) -> None:
    member(of, "Publication", "status")["enum"].remove("unpublished")


@harmless
def answer_within_tighter_limits(of: JSONObject) -> None:
    member(of, "Article", "title")["maxLength"] = 100
    member(of, "Heading", "level")["minimum"] = 2
    member(of, "Revision", "note")["pattern"] = "^.+$"


@harmless
def answer_with_whole_numbers(of: JSONObject) -> None:
    member(of, "SearchResult", "score")["type"] = "integer"


@harmless
def answer_with_fewer_kinds_of_block(of: JSONObject) -> None:
    blocks = member(of, "Body", "blocks", "*")
    blocks["oneOf"] = [each for each in blocks["oneOf"] if not each["$ref"].endswith("/HTMLBlock")]


@harmless
def answer_with_members_that_are_not_named(of: JSONObject) -> None:
    schema(of, "Article")["additionalProperties"] = True
