"""The OpenAPI document is the contract: valid, complete, with examples that work, and true of real answers."""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from cms.api.http.problems import MEDIA_TYPE
from cms.api.problem_types import FAULTS, PROBLEMS, WARNINGS
from cms.api.replaying import alone
from cms.app import create_app
from cms.catalog import CONTENT_TYPES
from cms.cli import cli
from cms.idempotency import Repeatable
from cms.keys import SCOPES
from cms.settings import Settings
from tests.service import HOST, SECRET, Caller, Service, written

ROOT = Path(__file__).parent.parent.parent
COMMITTED = ROOT / "openapi" / "v1.json"
METHODS = ("get", "post", "put", "patch", "delete")
PLURALS = tuple(each.type.plural for each in CONTENT_TYPES)

JSONObject = dict[str, Any]


@cache
def document() -> JSONObject:
    """The document as this tree writes it."""
    app = create_app(Settings(database_url="sqlite:///never-opened.db", secret_key=SECRET))
    loaded: JSONObject = json.loads(json.dumps(app.extensions["cms"].document))
    return loaded


def operations() -> Iterator[tuple[str, str, JSONObject]]:
    """Every documented operation."""
    for path, methods in document()["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method, path, methods[method]


every_operation = pytest.mark.parametrize(
    ("method", "path", "operation"), [pytest.param(*each, id=each[2]["operationId"]) for each in operations()]
)


def resolved(value: JSONObject) -> JSONObject:
    """What a reference within the document leads to."""
    while "$ref" in value:
        target: Any = document()
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def faults(schema: JSONObject, value: Any) -> list[str]:
    """Where a value breaks a schema of the document, in words."""
    whole = {**schema, "components": document()["components"]}
    checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{each.json_path}: {each.message[:300]}" for each in checker.iter_errors(value)]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: the document says nothing of databases."""
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    return f"sqlite:///{tmp_path / 'cms.db'}"


# The document itself.


def test_the_committed_document_is_the_served_one(service: Service) -> None:
    served = service.get("/api/v1/openapi.json")
    assert served.status_code == 200
    assert served.get_json() == json.loads(COMMITTED.read_bytes())


def test_the_command_writes_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["openapi"]).exit_code == 0
    assert (tmp_path / "openapi" / "v1.json").read_bytes() == COMMITTED.read_bytes()


def test_the_document_is_the_same_whatever_the_settings(tmp_path: Path) -> None:
    elsewhere = Settings(
        database_url=f"sqlite:///{tmp_path / 'other.db'}", secret_key=SECRET, public_url="https://cms.example"
    )
    assert create_app(elsewhere).extensions["cms"].document == document()


def test_the_document_is_valid_openapi() -> None:
    assert document()["openapi"].startswith("3.1.")
    validate(document())


def test_every_schema_is_valid_json_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_component_is_used() -> None:
    text = json.dumps(document())
    for kind in ("schemas", "responses"):
        for name in document()["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, f"{kind}/{name} is used nowhere"


def test_every_route_is_documented_and_every_operation_is_routed(service: Service) -> None:
    routed = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in service.app.url_map.iter_rules()
        if not rule.rule.startswith("/docs")  # Pages for people.
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == {(method, path) for method, path, _ in operations()}


def test_operation_ids_are_unique_words() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][A-Za-z]*", name) for name in names), names


def test_tags_are_declared_in_order_of_appearance() -> None:
    used = list(dict.fromkeys(tag for _, _, operation in operations() for tag in operation["tags"]))
    assert [tag["name"] for tag in document()["tags"]] == used
    assert all(tag["description"] for tag in document()["tags"])


def test_every_problem_is_in_the_document() -> None:
    text = json.dumps(document())
    missing = [code for code in PROBLEMS if f"`{code}`" not in text and f"/problems/{code}" not in text]
    assert missing == []


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_address_of_a_problem_answers(code: str, service: Service) -> None:
    assert service.get(f"/docs/problems/{code}").status_code == 200


def codes_in(tree: ast.Module) -> Iterator[str]:
    """The codes that a module gives to faults, to its messages, and to warnings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func).rsplit(".", maxsplit=1)[-1]
            if name in ("Fault", "fault", "Coded", "make_error", "_refused", "Check"):
                yield from (
                    each.value
                    for each in ast.walk(node.args[0])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "messages":
            assert isinstance(node.value, ast.Dict)
            yield from (str(ast.literal_eval(each)) for each in node.value.keys if each is not None)


def test_every_code_of_a_fault_is_in_the_document_and_in_the_code() -> None:
    used: set[str] = set()
    for path in (ROOT / "cms").rglob("*.py"):
        used.update(codes_in(ast.parse(path.read_text(encoding="utf-8"))))
    assert used == FAULTS.keys() | WARNINGS.keys()
    assert FAULTS.keys() & WARNINGS.keys() == set()
    properties = document()["components"]["schemas"]["Problem"]["properties"]["errors"]["items"]["properties"]
    assert properties["code"]["enum"] == [*FAULTS, *WARNINGS]
    for code in FAULTS | WARNINGS:
        assert f"`{code}`" in properties["code"]["description"]
    for code in WARNINGS:
        assert f"`{code}`" in document()["info"]["description"]


# What is sent has limits, for every reader of the document and for the service itself.


def unlimited(schema: JSONObject, place: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The strings, lists and numbers within a schema that have no limits, as places."""
    if reference := schema.get("$ref"):
        if reference not in seen:
            yield from unlimited(resolved(schema), place, seen | {reference})
        return
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from unlimited(each, place, seen)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "string" in kinds and "enum" not in schema:
        if "maxLength" not in schema and schema.get("format") not in ("uuid", "date-time"):
            yield f"{place}: maxLength"
        if not schema.keys() & {"pattern", "format"}:
            yield f"{place}: pattern"
    if "integer" in kinds and not schema.keys() >= {"format", "minimum", "maximum"}:
        yield f"{place}: format, minimum, maximum"
    if "array" in kinds:
        if "maxItems" not in schema:
            yield f"{place}: maxItems"
        yield from unlimited(schema["items"], f"{place}[]", seen)
    for name, each in schema.get("properties", {}).items():
        yield from unlimited(each, f"{place}.{name}", seen)


def test_a_schema_without_limits_is_found() -> None:
    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {}}}}
    assert list(unlimited(schema, "#")) == ["#.a: maxLength", "#.a: pattern", "#.b: maxItems"]
    assert list(unlimited({"anyOf": [{"type": "integer"}]}, "#")) == ["#: format, minimum, maximum"]


# Headers are limited by the server, all together, and what they say is read leniently.
PLACES_WITH_LIMITS = ("path", "query")
# A name is looked up as it is: what no entry can have is not found, with 404.
LOOKED_UP = {"name: pattern"}


@every_operation
def test_all_that_is_sent_has_limits(method: str, path: str, operation: JSONObject) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] in PLACES_WITH_LIMITS:
            assert set(unlimited(parameter["schema"], parameter["name"])) <= LOOKED_UP
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert list(unlimited(content["schema"], "#")) == []


@every_operation
def test_a_link_leads_to_an_operation_and_gives_its_parameters(method: str, path: str, operation: JSONObject) -> None:
    known = {each["operationId"]: (other, each) for _, other, each in operations()}
    reads = {each["operationId"] for other, _, each in operations() if other == "get"}
    for answer in operation["responses"].values():
        for link in answer.get("links", {}).values():
            target_path, target = known[link["operationId"]]
            places = {f"{each['in']}.{each['name']}" for each in target["parameters"]}
            assert link["parameters"].keys() <= places
            assert {f"path.{name}" for name in re.findall(r"{(\w+)}", target_path)} <= link["parameters"].keys()
            # What is read next has a tag of its own.
            assert link["operationId"] not in reads or "header.If-Match" not in link["parameters"]


@pytest.mark.parametrize("plural", PLURALS)
def test_what_was_made_leads_to_all_that_can_be_done_with_it(plural: str) -> None:
    paths = document()["paths"]
    links = paths[f"/api/v1/manage/{plural}"]["post"]["responses"]["201"]["links"]
    entry = paths[f"/api/v1/manage/{plural}/{{entry_id}}"]
    assert {entry[each]["operationId"] for each in ("get", "put", "patch", "delete")} <= links.keys()
    assert links[entry["patch"]["operationId"]]["parameters"] == {
        "path.entry_id": "$response.body#/data/id",
        "header.If-Match": "$response.header.ETag",
    }


# Each operation.


@every_operation
def test_an_operation_says_what_it_does(method: str, path: str, operation: JSONObject) -> None:
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert operation["description"]
    assert operation["tags"]


@every_operation
def test_an_operation_has_an_example_for_all_that_is_sent(method: str, path: str, operation: JSONObject) -> None:
    if "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            assert "example" in content
            assert faults(content["schema"], content["example"]) == []
    for status, answer in operation["responses"].items():
        for media_type, content in resolved(answer).get("content", {}).items():
            assert "example" in content, (status, media_type)
            assert faults(content["schema"], content["example"]) == [], (status, media_type)


@every_operation
def test_a_success_has_a_schema_or_no_body(method: str, path: str, operation: JSONObject) -> None:
    successes = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    assert successes
    for status, answer in successes.items():
        assert ("content" in answer) == (status != "204"), status
        assert answer["description"]
        assert "X-Request-Id" in answer["headers"]


@every_operation
def test_an_operation_names_its_problems(method: str, path: str, operation: JSONObject) -> None:
    responses = operation["responses"]
    assert {"400", "406", "414", "500", "503"} <= responses.keys()
    if "requestBody" in operation:
        assert {"413", "415", "422"} <= responses.keys()
    if "{" in path:
        assert "404" in responses
    for status, answer in responses.items():
        if status >= "400":
            (media_type,) = resolved(answer)["content"]
            assert media_type == MEDIA_TYPE


@every_operation
def test_an_operation_says_whether_it_needs_a_key(method: str, path: str, operation: JSONObject) -> None:
    needs_key = operation["security"] == [{"key": []}]
    assert needs_key or operation["security"] == []
    assert needs_key == ("x-scope" in operation) == path.startswith(("/api/v1/manage/", "/api/v1/preview/"))
    assert needs_key == ("401" in operation["responses"])
    assert needs_key == ("403" in operation["responses"])
    if needs_key:
        assert operation["x-scope"] in {*SCOPES, "any"}
    else:
        assert method == "get"


@every_operation
def test_a_parameter_is_described_or_speaks_for_itself(method: str, path: str, operation: JSONObject) -> None:
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        speaks = (
            schema.get("type") == "boolean" or "enum" in schema or {"minimum", "maximum", "default"} <= schema.keys()
        )
        assert parameter.get("description") or speaks, parameter["name"]
        assert schema.keys() & {"type", "enum", "anyOf", "$ref"}, parameter["name"]
        if "default" in schema:
            assert faults(schema, schema["default"]) == [], parameter["name"]
    described = [(parameter["in"], parameter["name"]) for parameter in operation["parameters"]]
    assert len(described) == len(set(described))
    assert set(re.findall(r"{(\w+)}", path)) == {name for place, name in described if place == "path"}


@every_operation
def test_a_change_of_what_is_there_names_its_precondition(method: str, path: str, operation: JSONObject) -> None:
    headers = {each["name"]: each for each in operation["parameters"] if each["in"] == "header"}
    if not path.endswith("/batch"):  # Its operations have their preconditions in the body.
        assert ("If-Match" in headers) == ("412" in operation["responses"])
    if method == "get":
        assert ("If-Match" in headers) == ("ETag" in operation["responses"]["200"].get("headers", {}))
        assert "If-Match" not in headers or not headers["If-Match"]["required"]
    if method not in ("get", "post"):  # A read and a restoration heed the precondition; they lose nothing without.
        assert ("If-Match" in headers) == ("428" in operation["responses"])
        # Where If-None-Match: * creates, it may stand instead.
        if "If-Match" in headers:
            assert headers["If-Match"]["required"] == ("If-None-Match" not in headers)
    # A token has no address: it is kept nowhere.
    if "201" in operation["responses"] and not path.endswith("-tokens"):
        assert "Location" in operation["responses"]["201"]["headers"]


# The examples work.


@pytest.mark.parametrize("plural", PLURALS)
def test_a_written_example_can_be_posted(plural: str, service: Service) -> None:
    content = document()["paths"][f"/api/v1/manage/{plural}"]["post"]["requestBody"]["content"]
    response = service.editor.post(f"/api/v1/manage/{plural}?publish=true", json=content["application/json"]["example"])
    assert response.status_code == 201, response.get_data(as_text=True)
    assert response.get_json()["warnings"] == []


@pytest.mark.parametrize("plural", PLURALS)
def test_a_patch_example_can_be_sent(plural: str, service: Service) -> None:
    paths = document()["paths"]
    written_example = paths[f"/api/v1/manage/{plural}"]["post"]["requestBody"]["content"]["application/json"]["example"]
    entry = service.editor.create(plural, **written_example)
    body = paths[f"/api/v1/manage/{plural}/{{entry_id}}"]["patch"]["requestBody"]
    ((media_type, content),) = body["content"].items()
    response = service.editor.patch(
        f"/api/v1/manage/{plural}/{entry['id']}",
        data=json.dumps(content["example"]),
        content_type=media_type,
        if_match="*",
    )
    assert response.status_code == 200, response.get_data(as_text=True)


def test_the_other_examples_can_be_sent(service: Service) -> None:
    article = service.editor.create("articles")
    for method, path in (
        ("put", "/api/v1/manage/site"),
        ("patch", "/api/v1/manage/site"),
        ("post", "/api/v1/manage/keys"),
        ("put", "/api/v1/manage/articles/{entry_id}/publication"),
        ("post", "/api/v1/manage/articles/{entry_id}/restore"),
        ("post", "/api/v1/manage/batch"),
    ):
        ((media_type, content),) = document()["paths"][path][method]["requestBody"]["content"].items()
        response = service.admin.request(
            method.upper(),
            path.replace("{entry_id}", article["id"]),
            data=json.dumps(content["example"]),
            content_type=media_type,
            headers={"If-Match": "*"},
        )
        assert response.status_code < 300, (method, path, response.get_data(as_text=True))


# Real answers are what the document says.


SOMETIMES = {"Link", "Retry-After", "Accept-Patch", "Content-Language", "Idempotency-Replayed"}
"""Headers that only some answers of a status have."""


BROKEN = {"500", "503"}
"""The statuses of a service that is not well, which these tests do not break."""
NEVER_YET = {("deleteSocialLink", 409)}
"""Nothing refers to a social link, until a content type comes that does."""


class Witness(Caller):
    """A caller whose every answer is held against the document."""

    def __init__(self, app: Flask, key: str | None, seen: set[tuple[str, int]]) -> None:
        super().__init__(app, key)
        self.seen = seen

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        response = super().request(method, path, **options)
        template = self._template(method, path)
        operation = document()["paths"][template][method.lower()]
        status = str(response.status_code)
        where = f"{method} {path} {status}"
        assert status in operation["responses"], f"{where} is not documented: {response.get_data(as_text=True)}"
        declared = resolved(operation["responses"][status])
        if "content" not in declared:
            assert response.get_data() == b"", where
        else:
            self._check_content(response, declared, where)
        for name in declared.get("headers", {}).keys() - SOMETIMES:
            assert name in response.headers or (name, status) == ("ETag", "412"), f"{where} lacks {name}"
        for name, header in declared.get("headers", {}).items():
            if header["schema"]["type"] == "string" and name in response.headers:
                assert faults(header["schema"], response.headers[name]) == [], f"{where} {name}"
        self.seen.add((operation["operationId"], response.status_code))
        if method == "GET" and status == "200" and "412" in operation["responses"]:
            self._ask_for_another(operation["operationId"], path, options)
        return response

    def _ask_for_another(self, operation_id: str, path: str, options: dict[str, Any]) -> None:
        """Ask once for something else than there is."""
        if (operation_id, 412) not in self.seen:
            another = dict(options.get("headers", {})) | {"If-Match": '"another"'}
            assert self.request("GET", path, **options | {"headers": another}).status_code == 412

    def _check_content(self, response: TestResponse, declared: JSONObject, where: str) -> None:
        assert response.mimetype in declared["content"], where
        schema = declared["content"][response.mimetype]["schema"]
        if response.is_json:
            assert response.content_type == response.mimetype, where  # JSON has no charset (RFC 8259, 11).
            assert faults(schema, response.get_json()) == [], where
        else:
            assert faults(schema, response.get_data().decode("utf-8")) == [], where
        if response.mimetype == MEDIA_TYPE:
            code = response.get_json()["type"].rsplit("/")[-1]
            assert f"`{code}`" in declared["description"], f"{where} {code} is not documented"

    def _template(self, method: str, path: str) -> str:
        rule, _ = self.app.url_map.bind(HOST["Host"]).match(path.partition("?")[0], method=method, return_rule=True)
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


class Witnesses:
    """Anyone, and an administrator, under observation."""

    def __init__(self, service: Service) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.anyone = Witness(service.app, None, self.seen)
        self.admin = Witness(service.app, service.admin.key, self.seen)
        self.stranger = Witness(service.app, service.with_key("webhooks:write").key, self.seen)
        self.visitor = Witness(service.app, self._preview_token(), self.seen)

    @cached_property
    def reporter(self) -> Witness:
        """Anyone, where the operator has named whom to tell of a weakness."""
        settings = self.admin.app.extensions["cms"].settings
        named = replace(settings, security_contact=("mailto:security@harbour.example",))
        return Witness(create_app(named), None, self.seen)

    def _preview_token(self) -> str:
        entry = self.admin.create("tags")
        made = self.admin.post(f"/api/v1/manage/tags/{entry['id']}/preview-tokens", json={})
        token: str = made.get_json()["data"]["token"]
        return token


@pytest.fixture
def witnesses(service: Service) -> Witnesses:
    return Witnesses(service)


@pytest.fixture
def site(witnesses: Witnesses) -> dict[str, JSONObject]:
    """A small site in two languages, in which everything refers to something; made under observation."""
    admin = witnesses.admin
    settings = {
        "name": "Harbour & Reed",
        "base_url": "https://harbour-and-reed.example",
        "locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
        "navigation": [{"label": "Blog", "url": "/blog", "children": [{"label": "Repair", "url": "/tags/repair"}]}],
        "logo": {"url": "/logo.png", "alt": "A reed."},
    }
    admin.put("/api/v1/manage/site", json=settings, if_match="*")
    made = {
        "tag": admin.create_published("tags", name="Repair", description="Mending."),
        "bare tag": admin.create_published("tags"),
        "author": admin.create_published(
            "authors",
            name="Orla Wrenmoor",
            bio="Mends **books**.",
            avatar={"url": "https://site.example/orla.jpg", "alt": "Orla.", "width": 40, "height": 40},
            website="https://orla.example/",
        ),
        "bare author": admin.create_published("authors"),
    }
    made["faq"] = admin.create_published("faqs", tags=["repair"], position=3, extra={"open": True})
    made["link"] = admin.create_published("social-links", platform="mastodon", handle="@orla@books.example")
    admin.create_published("social-links", platform="instagram", handle="orla", author="orla-wrenmoor")
    bare = admin.create_published("articles", title="Bare", seo={"noindex": True})
    made["bare article"] = bare
    made["article"] = admin.create_published(
        "articles",
        title="A loose spine",
        subtitle="Mended",
        summary="Paste and paper.",
        body="## First\n\nIt has to be **warm**.\n\n### Then\n\n- smooth\n",
        published_at="2026-03-03T09:00:00+01:00",
        featured=True,
        authors=["orla-wrenmoor", made["bare author"]["id"]],
        tags=["repair"],
        faqs=[made["faq"]["id"]],
        related=[bare["id"]],
        hero_image={"url": "/hero.jpg", "alt": "A spine."},
        calls_to_action=[{"label": "Visit", "url": "/visit"}],
        seo={"title": "Mending", "image": {"url": "/share.jpg"}},
        extra={"widget": ["x", 1, None]},
    )
    made["translation"] = admin.create_published(
        "articles", title="Ein loser Rücken", locale="de", translation_of=made["article"]["id"]
    )
    return made


def shapes(plural: str, *, lists: bool) -> Iterator[str]:
    """Every query that asks for another shape of a type: each include, all of them, each format, all of them."""
    path = f"/api/v1/{plural}" if lists else f"/api/v1/{plural}/{{name}}"
    parameters = {each["name"]: each["schema"] for each in document()["paths"][path]["get"]["parameters"]}
    yield ""
    for name in ("include", "formats"):
        if name in parameters:
            words = parameters[name]["items"]["enum"]
            yield from (f"?{name}={word}" for word in words)
            yield f"?{name}={','.join(words)}"
    if lists:
        yield from (f"?sort={word}&limit=1&include_total=true" for word in parameters["sort"]["enum"])


def read_what_is_delivered(plural: str, site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    anyone = witnesses.anyone
    for shape in shapes(plural, lists=True):
        page = anyone.get(f"/api/v1/{plural}{shape}")
        assert page.status_code == 200
        assert page.get_json()["data"], "An empty list proves nothing."
    kind = next(each.type.name for each in CONTENT_TYPES if each.type.plural == plural)
    entries = [each for each in site.values() if each["type"] == kind]
    for entry in entries:
        for shape in shapes(plural, lists=False):
            assert anyone.get(f"/api/v1/{plural}/{entry['id']}{shape}").status_code == 200
    etag = anyone.get(f"/api/v1/{plural}").headers["ETag"]
    assert anyone.get(f"/api/v1/{plural}", headers={"If-None-Match": etag}).status_code == 304
    assert anyone.get(f"/api/v1/{plural}/nothing").status_code == 404
    assert anyone.get(f"/api/v1/{plural}?sort=backwards&colour=red").status_code == 400
    assert anyone.get(f"/api/v1/{plural}", headers={"Accept": "text/csv"}).status_code == 406

    for media_type in forms(plural):
        path = f"/api/v1/{plural}/{entries[0]['id']}"
        assert anyone.get(path, headers={"Accept": media_type}).mimetype == media_type
    etag = anyone.get(f"/api/v1/{plural}/{entries[0]['id']}").headers["ETag"]
    same = {"If-None-Match": etag}
    assert anyone.get(f"/api/v1/{plural}/{entries[0]['id']}", headers=same).status_code == 304


def forms(plural: str) -> list[str]:
    """The media types that an entry of a type comes as."""
    return list(document()["paths"][f"/api/v1/{plural}/{{name}}"]["get"]["responses"]["200"]["content"])


def test_an_article_comes_in_other_forms_than_json() -> None:
    assert forms("articles") == ["application/json", "text/markdown", "application/ld+json"]
    assert forms("tags") == ["application/json"]


def test_everything_of_an_article_at_once_is_as_documented(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    article = witnesses.anyone.get(
        "/api/v1/articles/a-loose-spine"
        "?include=authors.social_links,tags,faqs,related,adjacent,translations,seo,jsonld&formats=html,markdown,text"
    ).get_json()["data"]
    assert article["authors"][0]["social_links"][0]["platform"] == "instagram"
    assert article["translations"][0]["locale"] == "de"
    assert article["related"][0]["title"] == "Bare"
    assert article["adjacent"]["next"] is not None
    assert article["seo"]["alternates"]


def test_a_slug_that_has_moved_is_as_documented(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    witnesses.admin.change("articles", site["article"], slug="a-mended-spine")
    witnesses.admin.publish("articles", site["article"])
    assert witnesses.anyone.get("/api/v1/articles/a-loose-spine").status_code == 308


def test_a_picked_answer_is_the_documented_one_with_fields_left_out(
    site: dict[str, JSONObject], witnesses: Witnesses, service: Service
) -> None:
    schema = {
        name: value for name, value in document()["components"]["schemas"]["Article"].items() if name != "required"
    }
    for query in ("fields=title,slug", "fields=body,authors&formats=text", "exclude=tags,faqs"):
        for item in service.get(f"/api/v1/articles?{query}").get_json()["data"]:
            assert faults(schema, item) == [], query


def manage_entries(plural: str, witnesses: Witnesses) -> None:
    admin, anyone = witnesses.admin, witnesses.anyone
    collection = f"/api/v1/manage/{plural}"
    for query in ("", "?limit=1", "?status=draft,published", "?trashed=true", "?has_unpublished_changes=false"):
        assert admin.get(f"{collection}{query}").status_code == 200
    body = written(plural)
    created = admin.post(collection, json=body)
    assert created.status_code == 201
    entry = created.get_json()["data"]
    path = f"{collection}/{entry['id']}"
    assert created.headers["Location"] == path

    assert admin.get(path).status_code == 200
    assert admin.patch(path, json={"extra": {"a": 1}, "note": "One."}, if_match=entry["etag"]).status_code == 200
    stale = admin.patch(path, json={"extra": {"a": 2}}, if_match=entry["etag"])
    assert (stale.status_code, stale.headers["ETag"]) == (412, admin.read(plural, entry)["etag"])
    assert admin.patch(path, json={"extra": {"a": 2}}).status_code == 428
    assert admin.patch(path, json={"extra": 1, "nonsense": 2}, if_match="*").status_code == 422
    assert admin.put(path, json=body, if_match="*").status_code == 200
    new, chosen = {"If-None-Match": "*"}, f"{collection}/0199c0de-0000-7000-8000-00000000000{PLURALS.index(plural)}"
    assert admin.put(chosen, json=written(plural), headers=new).status_code == 201
    assert admin.put(chosen, json=written(plural), headers=new).status_code == 412
    admin.trash(plural, chosen.rsplit("/")[-1])
    assert admin.put(chosen, json=written(plural), headers=new).status_code == 409

    assert admin.get(f"{path}/publication").status_code == 200
    tomorrow = {"live_from": "2100-01-01T00:00:00Z", "live_until": "2100-02-01T00:00:00Z"}
    assert admin.put(f"{path}/publication", json=tomorrow, if_match="*").status_code == 200
    longer = {"revision": 1, "live_until": "2101-01-01T00:00:00Z"}
    assert admin.put(f"{path}/publication", json=longer, if_match="*").status_code == 409
    assert admin.put(f"{path}/publication", json={}, if_match="*").status_code == 200
    assert admin.get(f"{path}/publication").get_json()["data"]["status"] == "published"
    assert admin.put(f"{path}/publication", json={"live_from": "2000-01-01T00:00:00Z"}, if_match="*").status_code == 422
    assert admin.delete(f"{path}/publication", if_match="*").status_code == 200

    assert admin.get(f"{path}/revisions?limit=1").status_code == 200
    assert admin.get(f"{path}/revisions/1").status_code == 200
    assert admin.get(f"{path}/revisions/99").status_code == 404
    assert admin.post(f"{path}/restore", json={"revision": 1}).status_code == 200
    assert admin.post(f"{path}/restore", json={"revision": 99}).status_code == 422
    read_and_cancel_and_copy(path, admin)

    assert admin.delete(path, if_match="*").status_code == 204
    assert admin.get(f"{collection}?trashed=true").get_json()["data"]
    assert admin.post(f"{path}/undelete").status_code == 200
    assert admin.delete(f"{path}?purge=true", if_match="*").status_code == 204
    assert admin.get(path).status_code == 404

    assert anyone.get(collection).status_code == 401
    assert witnesses.stranger.get(collection).status_code == 403
    assert admin.post(collection, data="{", content_type="application/json").status_code == 400
    assert admin.post(collection, data="a=b", content_type="text/plain").status_code == 415
    assert admin.post(collection, data=b" " * 1_100_000, content_type="application/json").status_code == 413
    assert admin.post(collection, json={}).status_code == 422


def read_and_cancel_and_copy(path: str, admin: Witness) -> None:
    """What compares, lists what refers, cancels a plan, and duplicates; of an entry of which nothing is live."""
    assert admin.get(f"{path}/diff?from=1&to=draft").status_code == 200
    assert admin.get(f"{path}/diff?from=1&to=99").status_code == 404
    assert admin.get(f"{path}/diff").status_code == 409
    assert admin.get(f"{path}/usage").status_code == 200
    assert admin.get(f"{path}/readiness").status_code == 200
    assert admin.get(f"{path}/readiness?revision=99").status_code == 404
    tomorrow = {"live_from": "2100-01-01T00:00:00Z"}
    publication = admin.put(f"{path}/publication", json=tomorrow, if_match="*").get_json()["data"]
    past, plan = (f"{path}/publication/{each['id']}" for each in publication["timeline"][-2:])
    assert admin.delete(plan).status_code == 428
    assert admin.delete(plan, if_match='"1"').status_code == 412
    assert admin.delete(plan, if_match="*").status_code == 200
    assert admin.delete(plan, if_match="*").status_code == 404
    assert admin.delete(past, if_match="*").status_code == 409
    copy = admin.post(f"{path}/duplicate", json={"note": "A second one."})
    assert copy.status_code == 201
    assert admin.post(f"{path}/duplicate", headers={"If-Match": '"1"'}).status_code == 412
    assert admin.post(f"{path}/duplicate", json={"note": 1}).status_code == 422
    if slug := copy.get_json()["data"]["slug"]:
        assert admin.post(f"{path}/duplicate", json={"slug": slug}).status_code == 409


def test_conflicts_are_as_documented(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    admin = witnesses.admin
    assert admin.post("/api/v1/manage/tags", json={"name": "Repair", "slug": "repair"}).status_code == 409
    assert admin.delete(f"/api/v1/manage/tags/{site['tag']['id']}", if_match="*").status_code == 409
    path = f"/api/v1/manage/articles/{site['bare article']['id']}/publication"
    admin.patch(f"/api/v1/manage/articles/{site['bare article']['id']}", json={"title": "Later"}, if_match="*")
    assert admin.put(path, json={"live_from": "2100-01-01T00:00:00Z"}, if_match="*").status_code == 200
    clash = {"revision": 1, "live_until": "2101-01-01T00:00:00Z"}
    assert admin.put(path, json=clash, if_match="*").status_code == 409


def use_the_rest(witnesses: Witnesses) -> None:
    admin, anyone = witnesses.admin, witnesses.anyone
    for path in ("/api", "/api/v1/openapi.json", "/livez", "/readyz", "/api/v1/platforms", "/api/v1/site"):
        assert anyone.get(path).status_code == 200
    assert (
        anyone.get("/api/v1/site?include=social_links").get_json()["data"]["social_links"][0]["type"] == "social-link"
    )
    assert admin.get("/api/v1/manage/site").status_code == 200
    assert admin.patch("/api/v1/manage/site", json={"tagline": "Mended by hand"}, if_match="*").status_code == 200
    assert admin.patch("/api/v1/manage/site", json={"tagline": 1}, if_match="*").status_code == 422
    assert admin.patch("/api/v1/manage/site", json={"tagline": "x"}, if_match='"1"').status_code == 412
    assert admin.patch("/api/v1/manage/site", json={"tagline": "x"}).status_code == 428
    assert admin.put("/api/v1/manage/site", json={"name": 1}, if_match="*").status_code == 422
    assert admin.put("/api/v1/manage/site", json={"name": "x"}, if_match='"1"').status_code == 412
    assert admin.put("/api/v1/manage/site", json={"name": "x"}).status_code == 428
    assert admin.get("/api/v1/manage/whoami").status_code == 200
    assert anyone.get("/api/v1/manage/whoami").status_code == 401
    events = admin.get("/api/v1/manage/events?action=saved&type=site").get_json()["data"]
    assert admin.get(f"/api/v1/manage/events/{events[0]['id']}").status_code == 200
    assert admin.get("/api/v1/manage/events/1-9").status_code == 404
    write_in_a_batch(admin)
    made = admin.post("/api/v1/manage/keys", json={"name": "Newsroom", "role": "author"})
    assert made.status_code == 201
    path = f"/api/v1/manage/keys/{made.get_json()['data']['id']}"
    assert admin.get("/api/v1/manage/keys").status_code == 200
    assert admin.get(path).status_code == 200
    assert admin.get(f"{path}/usage").get_json() == {"data": []}
    assert admin.delete(path).status_code == 204
    assert admin.get("/api/v1/manage/keys/nobody").status_code == 404
    assert admin.get("/api/v1/manage/keys/nobody/usage").status_code == 404
    assert admin.delete("/api/v1/manage/keys/nobody").status_code == 404
    assert admin.post("/api/v1/manage/keys", json={"name": "Nothing"}).status_code == 422


def write_in_a_batch(admin: Witness) -> None:
    """A batch that works, also as a dry run, and each way in which an operation of it can be refused."""
    path, tag = "/api/v1/manage/batch", admin.create("tags")

    def status(method: str, entry_id: str, **headers: str) -> int:
        body = {"name": "In a batch"}
        one = {"method": method, "path": f"/tags/{entry_id}", "headers": headers, "body": body}
        return admin.post(path, json={"operations": [one]}).status_code

    operations = {"operations": [{"method": "POST", "path": "/tags", "body": {"name": "Paper"}}]}
    assert admin.post(f"{path}?dry_run=true", json=operations).status_code == 200
    assert admin.post(path, json=operations).status_code == 200
    assert status("PATCH", NOBODY["entry_id"], **{"If-Match": "*"}) == 404
    assert status("PATCH", tag["id"], **{"If-Match": '"0"'}) == 412
    assert status("PATCH", tag["id"]) == 428
    assert status("PATCH", tag["id"], **{"If-Match": "*"}) == 200


@pytest.mark.parametrize("plural", PLURALS)
def test_delivery_is_as_documented(plural: str, site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    read_what_is_delivered(plural, site, witnesses)


@pytest.mark.parametrize("plural", PLURALS)
def test_management_is_as_documented(plural: str, site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    manage_entries(plural, witnesses)


def read_what_surrounds_it(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    """Everything of delivery that is of no one type: search, redirects, changes, feeds, sitemaps and fixed files."""
    anyone, admin = witnesses.anyone, witnesses.admin
    found = anyone.get("/api/v1/search?q=warm").get_json()
    assert [each["id"] for each in found["data"]] == [site["article"]["id"]]
    assert anyone.get("/api/v1/search?q=wram").get_json()["suggestion"] == "warm"
    for when in ("", "&perspective=published", "&at=2999-01-01T00:00:00Z"):
        assert admin.get(f"/api/v1/preview/search?q=warm{when}").get_json()["data"]
    assert admin.get("/api/v1/preview/search?q=warm&at=2020-01-01T00:00:00Z").get_json()["data"] == []

    admin.change("articles", site["bare article"], slug="barer")
    admin.publish("articles", site["bare article"])
    assert anyone.get("/api/v1/redirects").get_json()["data"]
    assert anyone.get("/api/v1/redirects?from=/blog/bare").get_json()["data"][0]["to"] == "/blog/barer"
    for name in choices("/api/v1/redirects", "format"):
        assert "/blog/bare" in anyone.get(f"/api/v1/redirects?format={name}").get_data(as_text=True)
    assert anyone.get("/api/v1/articles/bare").status_code == 308

    changes = anyone.get("/api/v1/changes?limit=3").get_json()
    assert len(changes["data"]) == 3
    assert changes["page"]["more"]
    assert anyone.get("/api/v1/changes", query_string={"since": changes["page"]["next"]}).status_code == 200
    assert anyone.get("/api/v1/changes?since=x").status_code == 400
    streamed = anyone.get("/api/v1/stream", headers={"Last-Event-ID": changes["page"]["next"]})
    assert "event: upsert" in streamed.get_data(as_text=True)
    assert anyone.get("/api/v1/stream", headers={"Last-Event-ID": "x"}).status_code == 400

    for path in ("/feeds/articles.rss", "/feeds/articles.atom", "/feeds/articles.json"):
        assert "A loose spine" in anyone.get(path).get_data(as_text=True)
        assert anyone.get(f"{path}?tag=nothing").status_code == 404
    assert "/blog/a-loose-spine" in anyone.get("/sitemap.xml").get_data(as_text=True)
    assert anyone.get("/sitemaps/pages.xml").status_code == 200
    assert "/blog/a-loose-spine" in anyone.get(f"/sitemaps/{site['tag']['id']}.xml").get_data(as_text=True)
    assert anyone.get("/sitemaps/nothing.xml").status_code == 404
    assert "A loose spine" in anyone.get("/llms.txt").get_data(as_text=True)
    assert anyone.get("/robots.txt").status_code == 200
    assert anyone.get("/.well-known/security.txt").status_code == 404
    assert witnesses.reporter.get("/.well-known/security.txt").status_code == 200


def choices(path: str, parameter: str) -> list[str]:
    """The words that a parameter may be."""
    (schema,) = (each["schema"] for each in document()["paths"][path]["get"]["parameters"] if each["name"] == parameter)
    words: list[str] = schema["enum"]
    return words


def revalidate(witnesses: Witnesses) -> None:
    """Ask again for everything that can be held; the items of a type ask again themselves."""
    for _, path, operation in operations():
        if "304" in operation["responses"] and "{name}" not in path:
            path = path.format_map(NOBODY)
            query = "?q=warm" if path == "/api/v1/search" else ""
            etag = witnesses.reporter.get(f"{path}{query}").headers["ETag"]
            again = witnesses.reporter.get(f"{path}{query}", headers={"If-None-Match": etag})
            assert again.status_code == 304, path


NOBODY = {
    "name": "nothing",
    "entry_id": "00000000-0000-7000-8000-000000000000",
    "publication_id": "00000000-0000-7000-8000-000000000000",
    "number": "1",
    "key_id": "nobody",
    "event_id": "1-9",
}
"""What is in the place of each part of a path, and leads to nothing."""


def refuse(method: str, path: str, operation: JSONObject, witnesses: Witnesses) -> None:
    """Every way to be refused that has nothing to do with what an operation does."""
    path = re.sub(r"{(\w+)}", lambda found: NOBODY[found[1]], path)
    caller = witnesses.admin if operation["security"] else witnesses.anyone

    def refused(status: int, caller: Witness, query: str = "", **options: Any) -> None:
        answered = caller.request(method.upper(), f"{path}{query}", **options).status_code
        assert answered == status, f"{method} {path}"

    refused(400, caller, "?nonsense=1")
    refused(406, caller, headers={"Accept": "image/png"})
    refused(414, caller, f"?q={'x' * 8000}")
    if operation["security"]:
        refused(401, witnesses.anyone)
        refused(403, witnesses.stranger if operation["x-scope"] != "any" else witnesses.visitor)
    for media_type in operation.get("requestBody", {}).get("content", {}):
        large = b" " * (8_400_000 if path.endswith("/batch") else 1_100_000)
        refused(413, caller, data=large, content_type=media_type)
        refused(415, caller, data=b"{}", content_type="text/csv")
        refused(400, caller, data=b"{\xff", content_type=media_type)
    if any(each["name"] == "Idempotency-Key" for each in operation["parameters"]):
        refuse_a_key_of_another_request(path, operation, witnesses.admin)


def refuse_a_key_of_another_request(path: str, operation: JSONObject, admin: Witness) -> None:
    """One that was sent with something else before, and one whose first request is still running."""
    ((media_type, body),) = list(operation.get("requestBody", {}).get("content", {}).items())[:1] or [("", {})]
    sent = {"data": json.dumps(body["example"]), "content_type": media_type} if media_type else {}
    taken = {"Idempotency-Key": "taken"}
    admin.post("/api/v1/manage/tags", json={"name": "Taken"}, headers=taken)
    assert admin.post(path, headers=taken, **sent).status_code == 422, path
    assert admin.key is not None
    with alone(Repeatable(admin.key.split("_")[1], "running", "")):
        assert admin.post(path, headers={"Idempotency-Key": "running"}, **sent).status_code == 409, path


def operations_on(plural: str) -> Iterator[tuple[str, str, JSONObject]]:
    """What can be done with one draft of a type, as method, path and operation."""
    for method, path, operation in operations():
        if path.startswith(f"/api/v1/manage/{plural}/{{entry_id}}"):
            yield method, path, operation


def be_refused_for_what_is_there(plural: str, witnesses: Witnesses) -> None:
    """Nothing there, no precondition, a stale one, a body that breaks a rule, a slug that another has."""
    admin = witnesses.admin
    for method, path, operation in operations_on(plural):
        entry = admin.create(plural)
        if path.endswith("/undelete"):
            admin.trash(plural, entry)
        nowhere, there = (path.format_map(NOBODY | {"entry_id": each}) for each in ("nothing", entry["id"]))
        headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
        ((media_type, body), *_) = operation.get("requestBody", {"content": {"": {}}})["content"].items()
        sent = {"data": json.dumps(body["example"]), "content_type": media_type} if media_type else {}
        whatever = {"If-Match": "*"} if "If-Match" in headers else {}
        assert admin.request(method.upper(), nowhere, headers=whatever, **sent).status_code == 404, nowhere
        if "428" in operation["responses"]:
            assert admin.request(method.upper(), there, **sent).status_code == 428, there
        if "If-Match" in headers:
            stale = {"If-Match": '"0"'}
            assert admin.request(method.upper(), there, headers=stale, **sent).status_code == 412, there
        if media_type:
            wrong = {"data": '{"nonsense": 1}', "content_type": media_type}
            assert admin.request(method.upper(), there, headers=whatever, **wrong).status_code == 422, there
    entry = admin.create(plural)
    if entry.get("slug"):
        path, taken = f"/api/v1/manage/{plural}", {"slug": entry["slug"]}
        other = admin.create(plural)
        assert admin.post(path, json=written(plural, **taken)).status_code == 409
        assert admin.put(f"{path}/{other['id']}", json=written(plural, **taken), if_match="*").status_code == 409
        assert admin.patch(f"{path}/{other['id']}", json=taken, if_match="*").status_code == 409


@pytest.mark.parametrize("plural", PLURALS)
def test_what_is_there_is_defended_as_documented(plural: str, witnesses: Witnesses) -> None:
    be_refused_for_what_is_there(plural, witnesses)


REFERRING = {"articles": "related", "faqs": "faqs", "authors": "authors", "tags": "tags"}
"""The field by which an article refers to each type."""


def follow_what_moves(plural: str, witnesses: Witnesses) -> None:
    """Rename an entry, look it up by its old slug, take that from it, and delete it while another refers to it."""
    admin, anyone = witnesses.admin, witnesses.anyone
    entry = admin.create_published(plural)
    if entry.get("slug"):
        admin.change(plural, entry, slug=f"renamed-{plural}")
        admin.publish(plural, entry)
        assert anyone.get(f"/api/v1/{plural}/{entry['slug']}").status_code == 308
        assert admin.get(f"/api/v1/preview/{plural}/{entry['slug']}").status_code == 308
        fresh = admin.create(plural)
        admin.change(plural, fresh, slug=f"another-{plural}")
        admin.create(plural, slug=fresh["slug"])
        restored = admin.post(f"/api/v1/manage/{plural}/{fresh['id']}/restore", json={"revision": 1})
        assert restored.status_code == 409
    if plural in REFERRING:
        admin.create("articles", **{REFERRING[plural]: [entry["id"]]})
        assert admin.delete(f"/api/v1/manage/{plural}/{entry['id']}", if_match="*").status_code == 409


def preview(plural: str, witnesses: Witnesses) -> None:
    """Look at a draft with a key and with a token, and at the same entry as of a moment when it was not."""
    admin, anyone = witnesses.admin, witnesses.anyone
    entry = admin.create(plural)
    listed = f"/api/v1/preview/{plural}"
    for shape in shapes(plural, lists=True):
        assert admin.get(f"{listed}{shape}").get_json()["data"]
    path = f"{listed}/{entry['id']}"
    for shape in shapes(plural, lists=False):
        assert admin.get(f"{path}{shape}").status_code == 200
    for media_type in forms(plural):
        assert admin.get(path, headers={"Accept": media_type}).mimetype == media_type
    assert admin.get(f"{path}?perspective=published").status_code == 404
    assert admin.get(f"{path}?at=2020-01-01T00:00:00Z").status_code == 404
    made = admin.post(f"/api/v1/manage/{plural}/{entry['id']}/preview-tokens", json={"expires_in_seconds": 600})
    assert made.status_code == 201
    assert anyone.get(path, query_string={"token": made.get_json()["data"]["token"]}).status_code == 200


@pytest.mark.parametrize("plural", PLURALS)
def test_what_moves_is_as_documented(plural: str, witnesses: Witnesses) -> None:
    follow_what_moves(plural, witnesses)


@pytest.mark.parametrize("plural", PLURALS)
def test_preview_is_as_documented(plural: str, site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    preview(plural, witnesses)


def test_what_surrounds_the_content_is_as_documented(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    read_what_surrounds_it(site, witnesses)
    revalidate(witnesses)


def test_the_rest_is_as_documented(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    use_the_rest(witnesses)


@pytest.mark.exhaustive
def test_these_requests_leave_no_operation_out(site: dict[str, JSONObject], witnesses: Witnesses) -> None:
    for plural in PLURALS:
        read_what_is_delivered(plural, site, witnesses)
        manage_entries(plural, witnesses)
        be_refused_for_what_is_there(plural, witnesses)
        follow_what_moves(plural, witnesses)
        preview(plural, witnesses)
    read_what_surrounds_it(site, witnesses)
    use_the_rest(witnesses)
    revalidate(witnesses)
    for each in operations():
        refuse(*each, witnesses)
    documented = {
        (operation["operationId"], int(status))
        for _, _, operation in operations()
        for status in operation["responses"].keys() - BROKEN
    }
    assert " ".join(f"{name}:{status}" for name, status in sorted(documented - witnesses.seen - NEVER_YET)) == ""
