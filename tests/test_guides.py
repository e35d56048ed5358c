"""Every command of the README and the guides works as written, and its answer matches the text."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cms.demo.run import FLAGSHIP
from cms.settings import Settings
from tests.guides import DELIVERY, EDITING, OPERATING, PAPERS, README, ROOT, TUTORIAL, blocks, name_of
from tests.judges.sample import serving_sample
from tests.postgresql import find_binaries
from tests.processes import PATIENCE, Process, free_port, new_key, rows, serving, variables, working

pytestmark = pytest.mark.process

# Where there is no curl, this stands in for it with the few options that the guides use.
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
    elif each in ("-d", "--data-binary"):
        body = arguments.pop(0)
        body = open(body[1:], "rb").read() if body.startswith("@") else body.encode()
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


RUN = {README, TUTORIAL, EDITING, DELIVERY, OPERATING}
"""The papers whose commands the tests below run, each of them from the first block to the last."""


def test_no_paper_has_commands_that_nothing_runs() -> None:
    with_commands = {name_of(each) for each in PAPERS if any(not is_make(block) for block in blocks(each))}
    assert with_commands == {name_of(each) for each in RUN}


def is_make(block: str) -> bool:
    """True if a block only calls ``make`` targets that ``test_house`` checks."""
    return all(line.startswith("make ") for line in block.splitlines())


def answers_of(block: str, folder: Path, environment: dict[str, str]) -> list[Any]:
    """Run a block in a shell that keeps ``ID`` for the next one; its JSON answers."""
    # Each answer is one line of JSON without a line break at its end.
    script = re.sub(r"(?m)^curl ", "echo; curl ", f'[ -f id ] && ID=$(cat id)\n{block}\necho "$ID" > id')
    return [json.loads(line) for line in said(script, folder, environment).splitlines() if line]


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
    key = new_key(database_url)
    with serving(folder=tmp_path, settings=settings) as server:
        environment = environment_with_curl(tmp_path, CMS=f"http://127.0.0.1:{server.port}/api/v1", KEY=key)
        _, *walk = blocks(TUTORIAL)
        answers = [answers_of(block, tmp_path, environment) for block in walk]
    author, links, (faq, tag), article, (unseen,), (publication,), (page,) = answers
    assert article == []
    assert [each["data"]["status"] for each in (*author, *links, faq, tag)] == ["published"] * 6
    assert unseen["status"] == 404
    assert publication["data"]["status"] == "published"
    assert_is_whole(page["data"])


def assert_is_whole(page: dict[str, Any]) -> None:
    """Assert that the answer has everything that the blog post of an ordinary practice shows."""
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
    """The output of a block."""
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
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
        key = new_key(database_url)
        address = f"http://127.0.0.1:{server.port}"
        environment = environment_with_curl(tmp_path, CMS=f"{address}/api/v1", KEY=key)
        _, *examples = blocks(DELIVERY)
        told = [said(block, tmp_path, environment) for block in examples]
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


def test_every_example_for_editors_works(database_url: str, tmp_path: Path) -> None:
    with serving_sample(database_url, tmp_path) as server:
        key = new_key(database_url)
        address = f"http://127.0.0.1:{server.port}/api/v1"
        environment = environment_with_curl(tmp_path, CMS=address, MANAGE=f"{address}/manage", KEY=key)
        # One after the other in one shell, as they are pasted; the reader's own values are those of the environment.
        settings, *examples = blocks(EDITING)
        names = [line for line in settings.splitlines() if not line.startswith("export")]
        script = "\n".join([*names, *(f"{block}printf '\\x1e'" for block in examples)])
        told = said(script, tmp_path, environment).split("\x1e")[:-1]
    ((writer,),) = rows(database_url, f"SELECT name FROM api_keys WHERE id = '{key.split('_')[1]}'")
    tells, blocked, dry, safe, history, time, away, batch, forms, as_file, events = [answers(each) for each in told]

    codes = {each["code"] for each in tells[0]["warnings"]}
    assert codes == {
        *("removed_element", "heading_jump", "missing_alt", "vague_link", "broken_link", "missing_summary"),
    }
    failed = {each["code"] for each in tells[1]["data"]["checks"] if each["state"] == "failed"}
    assert failed == codes
    assert [each.get("status") for each in blocked[1:2]] == [422]
    assert {each["code"] for each in blocked[1]["errors"]} == {"missing_alt", "broken_link"}
    assert blocked[2]["data"]["status"] == "published"

    assert {"op": "replace", "path": "/title", "value": "Waxed thread"} in dry[0]["changes"]
    assert safe[0]["data"]["version"] == 2
    assert (safe[1]["status"], safe[1]["changed_by"]["name"]) == (412, writer)
    assert safe[1]["changed_fields"] == ["summary", "title"]
    assert safe[2] == safe[3]
    assert {"op": "delete", "text": " and when to use it"} in history[0]["data"]["texts"][0]["runs"]
    assert [each["data"]["version"] for each in history[1:]] == [3, 1]

    assert [each["state"] for each in time[0]["data"]["timeline"]] == ["live", "planned"]
    assert time[1]["data"]["title"] == "Waxed thread and when to use it"
    assert time[2]["data"]
    assert [each["state"] for each in time[3]["data"]["timeline"]] == ["live"]

    assert away[0]["data"][0]["field"] == "tags"
    assert [each.get("status") for each in away[1:2]] == [409]
    assert away[2]["data"]["slug"] == "lettering"

    assert [each["status"] for each in batch[0]["data"]] == [201, 201, 200]
    kinds = [each["_type"] for each in forms[1]["data"]["body"]["blocks"]]
    assert kinds == ["block", "pull-out", "embed", "html"]
    assert "<hr" not in forms[1]["data"]["body"]["html"]
    assert (tmp_path / "page.md").read_text(encoding="utf-8").startswith("---\ntitle: Waxed thread and when")
    assert as_file[0]["data"]["version"] == batch[0]["data"][2]["body"]["data"]["version"]
    assert events[0]["data"][0]["subject"]["label"] == "Waxed thread and when to use it"


def test_what_the_readme_shows_first_works(database_url: str, tmp_path: Path) -> None:
    make, page, settings, walk = blocks(README)
    assert is_make(make)
    assert [line.split("=")[0] for line in settings.splitlines()] == ["export CMS", "export KEY"]
    with serving_sample(database_url, tmp_path) as server:
        key = new_key(database_url)
        address = f"http://127.0.0.1:{server.port}"
        environment = environment_with_curl(tmp_path, CMS=f"{address}/api/v1", KEY=key)
        assert FLAGSHIP in page
        (fetched,) = answers(said(page.replace("http://127.0.0.1:8000", address), tmp_path, environment))
        draft, publication, live, changed, diff, readiness, events = answers(said(walk, tmp_path, environment))
    (shown,) = blocks(README, "json")
    assert_shortened(json.loads(shown), fetched)
    assert (draft["data"]["status"], publication["data"]["status"]) == ("draft", "published")
    assert (live["data"]["title"], live["data"]["body"]["html"]) == (
        "A letter from curl",
        "<p>It <em>works</em>.</p>\n",
    )
    assert changed["data"]["title"] == "A second letter"
    assert [each["path"] for each in diff["data"]["patch"]] == ["/title"]
    assert readiness["data"]["checks"]
    assert [each["action"] for each in events["data"]] == ["saved", "published", "created"]


def assert_shortened(shown: Any, whole: Any) -> None:
    """Whatever a sample shows is in the answer; texts may end early with "…", objects and lists may leave out."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert_shortened(value, whole[name])
    elif isinstance(shown, list):
        for value, known in zip(shown, whole, strict=False):
            assert_shortened(value, known)
        assert len(shown) <= len(whole)
    elif isinstance(shown, str) and shown.endswith("…"):
        assert whole.startswith(shown.removesuffix("…").rstrip())
    else:
        assert shown == whole


def test_one_machine_is_set_up_and_backed_up_as_operators_are_told(tmp_path: Path) -> None:
    _install, first, *_, backup, _dump, _renew = blocks(OPERATING)
    make_key, serve = first.splitlines()
    environment = environment_with_curl(tmp_path)
    assert said(make_key, tmp_path, environment).startswith("cms_")
    with serving_as_told(serve, tmp_path, {}) as server:
        assert server.is_ready()
        assert said(backup, tmp_path, environment) == ""
    (copy,) = (tmp_path / "var").glob("backup-*.db")
    kept = rows(f"sqlite:///{copy}", "SELECT name FROM api_keys")
    assert kept == [("First administrator",)]


def serving_as_told(line: str, folder: Path, settings: dict[str, str]) -> Any:
    """A server that is started with the options from a guide, on a free port."""
    port = free_port()
    program, command, *options = shlex.split(line.replace("8000", str(port)))
    assert (program, command) == ("cms", "serve")
    assert str(port) in options
    return serving(*options, folder=folder, settings=settings, port=port)


def test_production_is_set_up_and_kept_running_as_operators_are_told(database_url: str, tmp_path: Path) -> None:
    _install, _one_machine, settings, load, prepare, serve, work, *others = blocks(OPERATING)
    tell_of_site, keys, health, _backup, dump, renew = others
    own = variables(database_url.replace("+psycopg", ""))
    environment = environment_with_curl(tmp_path, **own)
    assert_are_the_settings(settings, load, tmp_path, {"PATH": environment["PATH"]})
    migrated, key = said(prepare, tmp_path, environment).splitlines()
    assert migrated == "The database has the schema of this release."
    assert work == "cms worker\n"
    with serving_as_told(serve, tmp_path, own) as server, working(tmp_path, own) as worker:
        environment |= {"CMS_PUBLIC_URL": f"http://127.0.0.1:{server.port}", "KEY": key}
        (site,) = answers(said(tell_of_site, tmp_path, environment))
        assert site["data"]["base_url"] == "https://your-site.example"
        assert site["data"]["url_patterns"]["article"] == "/blog/{slug}"
        assert answers(said(health, tmp_path, environment)) == [{"status": "ok"}, {"status": "ok"}]
        made, *listed = said(keys, tmp_path, environment).splitlines()
        assert json.loads(made)["scopes"]
        assert len(listed) == 2
        assert all(name in "\n".join(listed) for name in ("First administrator", "Website editor"))
        indexed, rendered = said(renew, tmp_path, environment).splitlines()
        assert indexed.startswith("The search index has ")
        assert rendered == "Nothing to do: no text was rendered by an older release."
        assert_runs(worker)
    if database_url.startswith("postgresql"):
        path = f"{find_binaries()}:{environment['PATH']}"
        assert said(dump, tmp_path, environment | {"PATH": path}) == ""
        assert (tmp_path / "cms.dump").stat().st_size > 10_000


def assert_are_the_settings(settings: str, load: str, folder: Path, environment: dict[str, str]) -> None:
    """Assert that the file of settings is made once, for its owner alone, and that each shell loads the same."""
    assert said(settings, folder, environment) == ""
    assert (folder / "cms.env").stat().st_mode & 0o077 == 0
    with pytest.raises(subprocess.CalledProcessError):
        said(settings, folder, environment)
    first, second = (said(f"{load}env", folder, environment) for _ in range(2))
    told, again = (dict(re.findall(r"(?m)^(CMS_\w+)=(.+)$", each)) for each in (first, second))
    assert sorted(told) == ["CMS_DATABASE_URL", "CMS_PUBLIC_URL", "CMS_SECRET_KEY"]
    assert told == again
    assert Settings.from_environment(told).secret_key == told["CMS_SECRET_KEY"]


def test_the_service_is_installed_with_the_locked_libraries() -> None:
    _clone, _enter, make, libraries, service = blocks(OPERATING)[0].splitlines()
    assert make == "python3 -m venv .venv"
    pip, *options = libraries.split()
    assert (pip, options[:2]) == (".venv/bin/pip", ["install", "--require-hashes"])
    assert "--hash=sha256:" in (ROOT / options[-1]).read_text(encoding="utf-8")
    # What builds the wheel is among the locked libraries, so nothing else is fetched.
    assert service.split()[1:] == ["install", "--no-deps", "--no-build-isolation", "."]


def assert_runs(process: Process) -> None:
    assert process.status is None, process.output
