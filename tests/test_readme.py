"""The README's walk works as it is written, and what the README names exists."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cms.settings import Settings
from tests.judges.sample import serving_sample
from tests.processes import new_key, serving, variables

README = Path(__file__).parent.parent / "README.md"

# Where there is no curl, this stands in for it with the few options that the README uses.
CURL = f"""\
#!{sys.executable}
import sys, urllib.error, urllib.request
arguments, headers, method, body, address = sys.argv[1:], {{}}, None, None, None
output, dump, told = "-", None, ""
while arguments:
    each = arguments.pop(0)
    if each == "-H":
        name, _, value = arguments.pop(0).partition(":")
        headers[name] = value.strip()
    elif each == "-X":
        method = arguments.pop(0)
    elif each == "-d":
        body = arguments.pop(0).encode()
    elif each == "-o":
        output = arguments.pop(0)
    elif each == "-D":
        dump = arguments.pop(0)
    elif each == "-w":
        told = arguments.pop(0)
    elif each != "-sS":
        address = each
request = urllib.request.Request(address, data=body, headers=headers, method=method)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
if dump:
    print(*(f"{{name}}: {{value}}" for name, value in answer.headers.items()), sep="\\n")
if output == "-":
    sys.stdout.buffer.write(answer.read())
print(told.replace("%{{http_code}}", str(answer.status)).replace("\\\\n", "\\n"), end="")
"""


def blocks(name: str) -> list[str]:
    """The commands of a chapter, one block after the other."""
    text = README.read_text(encoding="utf-8")
    chapter = text[text.index(f"<!-- {name} -->") : text.index(f"<!-- /{name} -->")]
    return [str(block) for block in re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)]


def answers_of(block: str, folder: Path, environment: dict[str, str]) -> list[Any]:
    """Run a block in a shell that keeps ``ID`` for the next one; its JSON answers."""
    # Each answer is one line of JSON without a line break at its end.
    script = re.sub(r"(?m)^curl ", "echo; curl ", f'[ -f id ] && ID=$(cat id)\n{block}\necho "$ID" > id')
    run = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stderr == ""
    return [json.loads(line) for line in run.stdout.splitlines() if line]


def environment_with_curl(folder: Path, **variables: str) -> dict[str, str]:
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    if shutil.which("curl") is None:
        (folder / "bin").mkdir()
        (folder / "bin" / "curl").write_text(CURL, encoding="utf-8")
        (folder / "bin" / "curl").chmod(0o755)
        folders.insert(0, str(folder / "bin"))
    return {"PATH": ":".join(folders), **variables}


def test_the_five_minute_walk_gives_the_page_whole(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    key = new_key(tmp_path, settings)
    with serving(folder=tmp_path, settings=settings) as server:
        environment = environment_with_curl(tmp_path, CMS=f"http://127.0.0.1:{server.port}/api/v1", KEY=key)
        answers = [answers_of(block, tmp_path, environment) for block in blocks("walk")]
    author, links, (faq, tag), article, (unseen,), (publication,), (page,) = answers
    assert article == []
    assert [each["data"]["status"] for each in (*author, *links, faq, tag)] == ["published"] * 6
    assert unseen["status"] == 404
    assert publication["data"]["status"] == "published"
    assert_is_whole(page["data"])


def assert_is_whole(page: dict[str, Any]) -> None:
    """Everything that an ordinary practice's blog post shows."""
    assert page["title"] == "Three quiet minutes before you speak"
    assert page["subtitle"] == "The lighthouse method, step by step"
    assert page["seo"]["title"] == "Calm your voice before a talk | My site"
    assert page["published_at"] == "2026-03-03T08:00:00.000Z"
    assert page["reading_time_minutes"] == 1
    assert [each["text"] for each in page["toc"]] == ["The lighthouse method", "Step 1: Stand", "Step 2: Let go"]
    assert '<h3 id="step-1-stand">Step 1: Stand</h3>' in page["body"]["html"]
    assert [each["url"] for each in page["calls_to_action"]] == ["/sessions"]
    assert [each["question"] for each in page["faqs"]] == ["How often should I practise?"]
    assert "<strong>every day</strong>" in page["faqs"][0]["answer"]["html"]
    assert [each["name"] for each in page["tags"]] == ["Breathing"]
    (author,) = page["authors"]
    assert (author["name"], author["credentials"]) == ("Maren Solvik", "MSc, RVT")
    assert author["avatar"]["alt"] == "Maren Solvik at her desk"
    assert "<em>breath</em>" in author["bio"]["html"]
    assert [(each["platform"], each["url"]) for each in author["social_links"]] == [
        ("linkedin", "https://www.linkedin.com/in/maren-solvik-voice"),
        ("instagram", "https://www.instagram.com/maren.solvik.voice"),
        ("youtube", "https://www.youtube.com/@MarenSolvikVoice"),
    ]
    assert [each["label"] for each in page["breadcrumbs"]] == ["My site", "Articles", page["title"]]


def said(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a block of the chapter prints."""
    run = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stderr == ""
    return run.stdout


def answers(text: str) -> list[Any]:
    """Several JSON documents, one after the other without anything between them."""
    decoder, found = json.JSONDecoder(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_every_example_for_frontends_works(database_url: str, tmp_path: Path) -> None:
    with serving_sample(database_url, tmp_path) as server:
        key = new_key(tmp_path, variables(database_url))
        address = f"http://127.0.0.1:{server.port}"
        environment = environment_with_curl(tmp_path, CMS=f"{address}/api/v1", KEY=key)
        told = [said(block, tmp_path, environment) for block in blocks("frontends")]
    page, forms, lists, german, found, revalidated, moved, previews, changes, maps = told
    article = json.loads(page)["data"]
    assert article["seo"]["title"].endswith(" | Harbour & Reed")
    assert {each["@type"] for each in article["jsonld"]["@graph"]} >= {"Article", "Person", "FAQPage"}
    assert article["authors"][0]["social_links"][0]["url"].startswith("https://")
    assert forms.startswith("---\ntitle: ")
    assert '"@context":"https://schema.org"' in forms
    tagged, both = answers(lists)
    assert (len(tagged["data"]), tagged["page"]["limit"]) == (2, 2)
    assert both["page"]["total"] == len(both["data"]) > 2
    assert [each["title"] for each in both["data"]] == sorted(
        (each["title"] for each in both["data"]), key=str.casefold
    )
    assert "de" in {each["locale"] for each in json.loads(german)["data"]}
    hits, questions = answers(found)
    assert "<mark>" in json.dumps(hits)
    assert questions["data"]
    assert revalidated == "304\n"
    assert moved == "" or moved.startswith(("#", "/"))
    drafts, future = answers(previews)
    assert (len(drafts["data"]), len(future["data"])) == (3, 3)
    assert json.loads(changes)["page"]["next"]
    assert "<rss" in maps
    assert "<urlset" in maps


def test_every_setting_is_documented() -> None:
    text = README.read_text(encoding="utf-8")
    names = [each.metadata["variable"] for each in Settings.__dataclass_fields__.values()]
    assert [name for name in names if f"| `{name}` |" not in text] == []
