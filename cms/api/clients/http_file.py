"""One ``.http`` file with every operation, for the REST Client of VS Code and the HTTP Client of JetBrains."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from cms.api.clients.requests import Parameter, Request, requests_of
from cms.api.http.fields import Id

BASE_URL = "http://127.0.0.1:8000"
OPENING = f"""\
# Every operation of the contract, written by `cms openapi`. Fill in the variables below. The optional parameters of a
# request are listed above it. `etag` is the entity tag of what you have read; `*` changes whatever is there.
# In VS Code, lines of a body that begin with a hash sign are lost: send Markdown from a file, with `< ./page.md`.

@base_url = {BASE_URL}
@key = cms_paste_your_key_here
@etag = *
"""


def http_file(document: Mapping[str, Any]) -> str:
    """The text of the file, with its variables at the top."""
    requests = requests_of(document)
    variables = dict.fromkeys(name for each in requests for name in _variables(each))
    blocks = [OPENING + "".join(f"@{name} = {Id.example}\n" for name in variables)]
    blocks += ["\n".join(_lines(each)) + "\n" for each in requests]
    return "\n".join(blocks)


def _variables(request: Request) -> list[str]:
    return [name for each in request.path_parameters for name in re.findall(r"{{(\w+)}}", each.value)]


def _lines(request: Request) -> Iterator[str]:
    yield f"### {request.folder}: {request.name}"
    yield from (f"# {line}".rstrip() for line in request.description.split("\n"))
    optional = [*(("?", each) for each in request.query), *(("", each) for each in request.headers)]
    yield from (_optional(prefix, each) for prefix, each in optional if not each.sent)
    yield f"{request.method} {_address(request)}"
    if not request.is_public:
        yield "Authorization: Bearer {{key}}"
    for each in request.headers:
        if each.sent:
            yield f"{each.name}: {'{{etag}}' if each.name == 'If-Match' else each.value}"
    if request.body is not None:
        yield ""
        yield request.body.rstrip("\n")


def _optional(prefix: str, parameter: Parameter) -> str:
    """A comment with an optional parameter and an example of its value."""
    written = f"{prefix}{parameter.name}={parameter.value}" if prefix else f"{parameter.name}: {parameter.value}"
    return f"#   {written}" + (f"  ({parameter.description})" if parameter.description else "")


def _address(request: Request) -> str:
    path = request.path
    for each in request.path_parameters:
        path = path.replace(f"{{{each.name}}}", each.value)
    query = "&".join(f"{each.name}={quote(each.value)}" for each in request.query if each.sent)
    return f"{{{{base_url}}}}{path}" + (f"?{query}" if query else "")
