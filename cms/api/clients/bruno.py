"""A Bruno collection: a folder of requests for each tag of the document, and the five-minute walk as a sequence.

The files look as if Bruno had saved them. A request that creates, lists or changes keeps the id and the entity tag from
its answer in variables (``articles_id``, ``articles_etag``), and the other requests of the same resource use them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cms.api.clients.requests import Parameter, Request, folders_of, requests_of
from cms.api.clients.tutorial import STEPS, TITLE, Step

BASE_URL = "http://127.0.0.1:8000"
ENVIRONMENT = "Local"
GUIDE = f"""\
Written by `cms bruno` from the contract, with one request for each operation.

Choose the environment *{ENVIRONMENT}* and paste a key into its secret `key`; `make demo` prints one.
A request that creates, lists or changes keeps the first id and the entity tag in variables, such as `articles_id` and
`articles_etag`, for the other requests of that resource. So list or create before you read, change or publish.

The folder *{TITLE}* shows the service step by step. Run it in order; at the end it deletes what it has created.
"""
BODIES = {"application/json": "json", "application/merge-patch+json": "json"}


def bruno_files(document: Mapping[str, Any]) -> dict[str, str]:
    """The text of each file of the collection, by its path in the collection."""
    name = document["info"]["title"]
    requests = requests_of(document)
    files = {
        "bruno.json": json.dumps({"version": "1", "name": name, "type": "collection", "ignore": []}, indent=2) + "\n",
        "collection.bru": _file(
            ("auth", ["mode: bearer"]), ("auth:bearer", ["token: {{key}}"]), ("docs", GUIDE.rstrip().split("\n"))
        ),
        f"environments/{ENVIRONMENT}.bru": f"vars {{\n  base_url: {BASE_URL}\n}}\nvars:secret [\n  key\n]\n",
        f"{TITLE}/folder.bru": _folder(TITLE, 1, "What an editor does in five minutes. Run it in order."),
    }
    by_id = {each.operation_id: each for each in reversed(requests)}
    for number, step in enumerate(STEPS, 1):
        files[f"{TITLE}/{number:02} {step.name}.bru"] = _step_file(by_id[step.operation_id], step, number)
    for place, (tag, description) in enumerate(folders_of(document).items(), 2):
        files[f"{tag}/folder.bru"] = _folder(tag, place, description)
        for number, request in enumerate((each for each in requests if each.folder == tag), 1):
            files[f"{tag}/{request.name}.bru"] = _request_file(request, number)
    return files


def _folder(name: str, place: int, description: str) -> str:
    return _file(("meta", [f"name: {name}", f"seq: {place}"]), ("docs", description.split("\n")))


def _request_file(request: Request, number: int) -> str:
    return _file(
        ("meta", _meta(request.name, number)),
        *_http(request, _query_of(request.query)),
        ("params:query", _pairs(request.query)),
        ("params:path", _pairs(_segment_parameters(request))),
        ("headers", _pairs(_with_kept_tag(request))),
        _body(request.media_type, request.body),
        ("vars:post-response", list(_kept_variables(request))),
        ("docs", list(_documentation(request))),
    )


def _meta(name: str, number: int) -> list[str]:
    return [f"name: {name}", "type: http", f"seq: {number}"]


def _http(request: Request, query: str) -> Iterator[tuple[str, list[str]]]:
    address = request.path
    for each in request.path_parameters:
        is_segment = each in _segment_parameters(request)
        address = address.replace(f"{{{each.name}}}", f":{each.name}" if is_segment else each.value)
    kind = BODIES.get(request.media_type or "", "text") if request.body is not None else "none"
    lines = [
        f"url: {{{{base_url}}}}{address}{query}",
        f"body: {kind}",
        f"auth: {'none' if request.is_public else 'inherit'}",
    ]
    yield request.method.lower(), lines


def _query_of(parameters: Iterable[Parameter]) -> str:
    query = "&".join(f"{each.name}={each.value}" for each in parameters if each.sent)
    return f"?{query}" if query else ""


def _segment_parameters(request: Request) -> list[Parameter]:
    """The parameters that are a whole segment of the path. Bruno supports only these."""
    return [each for each in request.path_parameters if f"{{{each.name}}}" in request.path.split("/")]


def _with_kept_tag(request: Request) -> list[Parameter]:
    """The headers, with the entity tag from the variable in place of the example."""
    return [
        Parameter(each.name, f"{{{{{request.variable}_etag}}}}", each.description, each.sent)
        if each.name == "If-Match" and not request.is_public
        else each
        for each in request.headers
    ]


def _body(media_type: str | None, body: str | None) -> tuple[str, list[str]]:
    kind = BODIES.get(media_type or "", "text")
    return f"body:{kind}", body.rstrip("\n").split("\n") if body is not None else []


def _kept_variables(request: Request) -> Iterator[str]:
    """The variables that are set from the answer, each with an expression over it."""
    if request.answered_id is not None:
        steps = request.answered_id.strip("/").split("/")
        place = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)
        yield f"{request.variable}_id: res.body{place.replace('].', ']?.')}"
    if request.answers_tag:
        yield f"{request.variable}_etag: res.headers.etag"


def _documentation(request: Request) -> Iterator[str]:
    yield from request.description.split("\n")
    described = [each for each in (*request.query, *request.headers) if each.description]
    if described:
        yield from ("", "| parameter | meaning |", "| --- | --- |")
        yield from (f"| `{each.name}` | {each.description.replace('|', chr(92) + '|')} |" for each in described)


def _step_file(request: Request, step: Step, number: int) -> str:
    """A step of the walk: the request of the operation with the values of the step, and tests of the answer."""
    query = [Parameter(name, value, "", sent=True) for name, value in step.query.items()]
    headers = [each for each in request.headers if each.name == "Content-Type" and step.body is not None]
    headers += [Parameter(name, value, "", sent=True) for name, value in step.headers.items()]
    path = [Parameter(each.name, step.entry, "", sent=True) for each in _segment_parameters(request)]
    body = json.dumps(step.body, ensure_ascii=False, indent=2) if step.body is not None else None
    first, *others = _http(request, _query_of(query))
    name, lines = first
    if body is None:
        lines = [line if not line.startswith("body:") else "body: none" for line in lines]
    return _file(
        ("meta", _meta(f"{number:02} {step.name}", number)),
        (name, lines),
        *others,
        ("params:query", _pairs(query)),
        ("params:path", _pairs(path)),
        ("headers", _pairs(headers)),
        _body("application/json", body),
        ("vars:post-response", [f"{name}: {value}" for name, value in step.remembers.items()]),
        ("script:pre-request", step.before.split("\n") if step.before else []),
        ("tests", list(_tests(step))),
        ("docs", step.description.split("\n")),
    )


def _tests(step: Step) -> Iterator[str]:
    yield f'test("answers {step.status}", function () {{'
    yield f"  expect(res.getStatus()).to.equal({step.status});"
    yield "});"
    for claim, expressions in step.claims.items():
        yield ""
        yield f"test({json.dumps(claim, ensure_ascii=False)}, function () {{"
        yield from (f"  {expression};" for expression in expressions)
        yield "});"


def _pairs(parameters: Iterable[Parameter]) -> list[str]:
    """One line for each parameter; those that are not sent are switched off and come last."""
    sent_first = sorted(parameters, key=lambda each: not each.sent)
    return [f"{'' if each.sent else '~'}{each.name}: {each.value}" for each in sent_first]


def _file(*blocks: tuple[str, list[str]]) -> str:
    """The text of the blocks that have lines. An empty value leaves no space at the end of its line."""
    written = [f"{name} {{\n{_indented(lines)}\n}}\n" for name, lines in blocks if lines]
    return "\n".join(written)


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(re.sub(r"[ \t]+$", "", f"  {line}") for line in lines)
