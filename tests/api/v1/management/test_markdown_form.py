"""Drafts as Markdown with front matter: what is read can be written, and is judged as JSON is."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Caller, Service

MARKDOWN = "text/markdown"
ARTICLES = "/api/v1/manage/articles"
PAGE = """\
---
title: A quiet morning
slug: a-quiet-morning
published_at: 2026-03-03T09:00:00+01:00
featured: true
authors: [orla-wrenmoor]
tags:
  - repair
seo:
  title: A bookbinder's morning
extra: {mood: calm, hours: [7, 8.5], no: null}
note: From a file.
---

The door opens at eight.

---

## And closes at *noon*
"""


def send(caller: Caller, method: str, path: str, document: str | bytes, **headers: str) -> TestResponse:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.request(method, path, data=document, headers={"Content-Type": MARKDOWN} | given_headers)


def read(caller: Caller, path: str) -> TestResponse:
    answer = caller.get(path, headers={"Accept": MARKDOWN})
    assert answer.status_code == 200
    assert answer.content_type == "text/markdown; charset=utf-8"
    return answer


def pointers(answer: TestResponse) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]]


@pytest.fixture
def lone(sqlite_url: str) -> Iterator[Service]:
    """The service on SQLite alone, for what is judged before any database is asked."""
    running = serve(Settings(database_url=sqlite_url, secret_key=SECRET))
    yield running
    running.close()


@pytest.fixture
def editor(service: Service) -> Caller:
    service.editor.create_published("authors", name="Orla Wrenmoor", slug="orla-wrenmoor")
    service.editor.create_published("tags", name="Repair", slug="repair")
    return service.editor


def test_one_file_makes_an_article_live(service: Service, editor: Caller) -> None:
    answer = send(editor, "POST", f"{ARTICLES}?publish=true", PAGE)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made = answer.get_json()["data"]
    assert made["body"] == {"format": "markdown", "source": PAGE.split("---\n\n", 1)[1]}
    assert (made["published_at"], made["featured"]) == ("2026-03-03T08:00:00.000Z", True)
    assert made["extra"] == {"mood": "calm", "hours": [7, 8.5], "no": None}
    page = service.get("/api/v1/articles/a-quiet-morning").get_json()["data"]
    assert [each["slug"] for each in page["authors"] + page["tags"]] == ["orla-wrenmoor", "repair"]
    (revision,) = editor.get(f"{ARTICLES}/{made['id']}/revisions").get_json()["data"]
    assert revision["note"] == "From a file."


def test_a_draft_is_read_edited_and_sent_back(editor: Caller) -> None:
    path = f"{ARTICLES}/{send(editor, 'POST', ARTICLES, PAGE).get_json()['data']['id']}"
    taken = read(editor, path)
    text = taken.get_data(as_text=True)
    assert "authors:\n- orla-wrenmoor\n" in text
    unchanged = send(editor, "PUT", path, text, If_Match=taken.headers["ETag"])
    assert (unchanged.status_code, unchanged.headers["ETag"]) == (200, taken.headers["ETag"])
    edited = text.replace("title: A quiet morning", "title: A loud morning").replace("*noon*", "*one*")
    answer = send(editor, "PUT", path, edited, If_Match=taken.headers["ETag"])
    assert answer.status_code == 200
    assert (answer.get_json()["data"]["version"], answer.get_json()["data"]["title"]) == (2, "A loud morning")
    assert read(editor, path).get_data(as_text=True) == edited.replace("version: 1", "version: 2")
    assert send(editor, "PUT", path, text, If_Match=taken.headers["ETag"]).status_code == 412


def test_what_delivery_gives_can_be_written_back(service: Service, editor: Caller) -> None:
    path = f"{ARTICLES}/{send(editor, 'POST', f'{ARTICLES}?publish=true', PAGE).get_json()['data']['id']}"
    text = service.get("/api/v1/articles/a-quiet-morning", headers={"Accept": MARKDOWN}).get_data(as_text=True)
    assert "url: " in text
    answer = send(editor, "PUT", path, text, If_Match="*")
    assert (answer.status_code, answer.get_json()["data"]["version"]) == (200, 1), answer.get_data(as_text=True)


BODIES: list[Any] = [
    None,
    "",
    " \n",
    "No line break at the end",
    "\n\nTwo lines above\r\nand one of Windows.\r\n",
    "---\ntitle: of the text\n---\n",
    {"format": "html", "source": "<p>As <em>written</em>.</p>"},
    {"format": "html", "source": "   "},
    {"format": "blocks", "source": []},
    {
        "format": "blocks",
        "source": [{"_type": "block", "style": "h2", "children": [{"_type": "span", "text": "One {{two}}"}]}],
    },
]


def test_sent_back_unchanged_it_makes_no_revision(service: Service) -> None:
    editor = service.editor
    tag = editor.create("tags", name="Reparatur", slug="reparatur")
    for body in BODIES:
        made = editor.create("articles", body=body, tags=[tag["id"]], extra={"a": {"b": "2026-01-01"}})
        path = f"{ARTICLES}/{made['id']}"
        taken = read(editor, path)
        answer = send(editor, "PUT", path, taken.get_data(), If_Match=taken.headers["ETag"])
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.headers["ETag"] == taken.headers["ETag"], body
        assert answer.get_json()["data"]["body"] == made["body"]


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60).filter(str.strip)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(title=LINES, subtitle=st.none() | LINES, body=TEXTS, extra=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_whatever_was_written_comes_back(
    service: Service, title: str, subtitle: str | None, body: str, extra: dict[str, Any]
) -> None:
    made = service.editor.create("articles", title=title, subtitle=subtitle, body=body, extra=extra)
    path = f"{ARTICLES}/{made['id']}"
    taken = read(service.editor, path)
    answer = send(service.editor, "PUT", path, taken.get_data(), If_Match=taken.headers["ETag"])
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["ETag"] == taken.headers["ETag"]


def test_every_type_with_a_text_has_the_form(lone: Service) -> None:
    for plural, main in (("faqs", "answer"), ("authors", "bio")):
        made = lone.editor.create(plural, **{main: "A *short* text."})
        path = f"/api/v1/manage/{plural}/{made['id']}"
        text = read(lone.editor, path).get_data(as_text=True)
        assert text.endswith("---\n\nA *short* text.")
        answer = send(lone.editor, "PUT", path, f"{text}\nMore.", If_Match="*")
        assert answer.get_json()["data"][main]["source"] == "A *short* text.\nMore."


def test_types_without_a_text_are_json_alone(lone: Service) -> None:
    refused = send(lone.editor, "POST", "/api/v1/manage/tags", "---\nname: Repair\n---\n")
    assert (refused.status_code, refused.headers["Accept"]) == (415, "application/json")
    made = lone.editor.create("tags")
    assert lone.editor.get(f"/api/v1/manage/tags/{made['id']}", headers={"Accept": MARKDOWN}).status_code == 406


def test_another_media_type_is_told_what_is_read(lone: Service) -> None:
    refused = lone.editor.post(ARTICLES, data="x", headers={"Content-Type": "text/html"})
    assert (refused.status_code, refused.headers["Accept"]) == (415, "application/json, text/markdown")
    patch = lone.editor.patch(f"{ARTICLES}/any", data="x", content_type=MARKDOWN, if_match="*")
    assert (patch.status_code, patch.headers["Accept-Patch"]) == (415, "application/merge-patch+json")


def test_the_id_of_another_entry_is_refused_and_ones_own_may_be_chosen(lone: Service) -> None:
    made = lone.editor.create("articles", title="One")
    text = read(lone.editor, f"{ARTICLES}/{made['id']}").get_data(as_text=True)
    other = lone.editor.create("articles", title="Two")
    refused = send(lone.editor, "PUT", f"{ARTICLES}/{other['id']}", text, If_Match="*")
    assert (refused.status_code, pointers(refused)) == (422, [("#/id", "immutable")])
    new_id = "0199c0de-0000-7000-8000-0000000000aa"
    chosen = send(lone.editor, "PUT", f"{ARTICLES}/{new_id}", "---\ntitle: Three\n---\n", If_None_Match="*")
    assert (chosen.status_code, chosen.get_json()["data"]["id"]) == (201, new_id)


FAULTY = {
    "no front matter": ("# A heading\n\nA text.\n", [("#/title", "required")]),
    "nothing at all": ("", [("#/title", "required")]),
    "an unknown field": ("---\ntitle: A\nautors: [b]\n---\n", [("#/autors", "unknown_field")]),
    "a day without a time": ("---\ntitle: A\npublished_at: 2026-03-03\n---\n", [("#/published_at", "invalid_time")]),
    "a word that is no list": ("---\ntitle: A\ntags: repair\n---\n", [("#/tags", "invalid_type")]),
    "a place in a list": ("---\ntitle: A\ntags: [repair, B]\n---\n", [("#/tags/1", "invalid_format")]),
    "a wrong name in a group": ("---\ntitle: A\nseo: {titel: B}\n---\n", [("#/seo/titel", "unknown_field")]),
    "two texts": ("---\ntitle: A\nbody: One.\n---\nTwo.", [("#/body", "excluded")]),
    "an unknown format": ("---\ntitle: A\nbody: {format: rtf}\n---\nTwo.", [("#/body/format", "unknown_value")]),
    "several at once": ("---\nlocale: no way\n---\n", [("#/locale", "invalid_format"), ("#/title", "required")]),
    "a NUL in the text": ("---\ntitle: A\n---\n\nA\x00B", [("#/body/source", "invalid_character")]),
}


def test_faults_are_those_of_json(lone: Service) -> None:
    for case, (document, expected) in FAULTY.items():
        answer = send(lone.editor, "POST", ARTICLES, document)
        assert (answer.status_code, sorted(pointers(answer))) == (422, expected), case


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
MALFORMED: dict[str, tuple[str | bytes, str]] = {
    "not UTF-8": (b"---\ntitle: A\n---\n\xff", "byte 17"),
    "no end": ("---\ntitle: A\n", "three hyphens"),
    "a name twice": ("---\ntitle: A\nslug: b\ntitle: C\n---\n", "line 4, column 1: the name 'title'"),
    "a list": ("---\n- title\n---\n", "names with their values"),
    "no YAML": ("---\ntitle: [A\n---\n", "line 3"),
    "a billion laughs": (f"---\ntitle: A\nextra:\n  {LAUGHS.replace(chr(10), chr(10) + '  ')}\n---\n", "aliases"),
    "a tag": ("---\ntitle: !!python/object/apply:os.system [ls]\n---\n", "tags"),
    "deep": ("---\nextra: " + "[" * 50_000 + "\n---\n", "nested deeper"),
    "long": (f"---\ntitle: A\nextra: {{a: {'x' * 70_000}}}\n---\n", "65536 characters"),
    "a huge number": (f"---\ntitle: A\nextra: {{a: {'9' * 5000}}}\n---\n", "out of range"),
    "a list as a name": ("---\n? [a]\n: b\n---\n", "a name must be"),
    "two documents": ("---\ntitle: A\n...\n%YAML 1.1\n---\n", "line 5"),
    "blocks that are no JSON": ("---\ntitle: A\nbody: {format: blocks}\n---\nText", "not valid JSON"),
}


def test_what_cannot_be_read_is_malformed_and_says_where(lone: Service) -> None:
    for case, (document, told) in MALFORMED.items():
        answer = send(lone.editor, "POST", ARTICLES, document)
        assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (400, "malformed-request"), case
        assert told in answer.get_json()["detail"], case
    assert send(lone.editor, "POST", ARTICLES, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert lone.editor.get(ARTICLES).get_json()["data"] == []


def test_a_file_of_windows_with_a_byte_order_mark_is_read(lone: Service) -> None:
    document = "\ufeff---\r\ntitle: A quiet morning\r\nlocale: en\r\n---\r\n\r\nOne line.\r\nAnother.\r\n"
    made = send(lone.editor, "POST", ARTICLES, document).get_json()["data"]
    assert (made["title"], made["body"]["source"]) == ("A quiet morning", "One line.\r\nAnother.\r\n")


def test_plain_words_are_words_whatever_yaml_once_made_of_them(lone: Service) -> None:
    document = "---\ntitle: No\nsubtitle: 12:30\nextra: {on: yes, off: 010, day: 2026-03-03, 1: 1e3}\n---\n"
    made = send(lone.editor, "POST", ARTICLES, document).get_json()["data"]
    assert (made["title"], made["subtitle"]) == ("No", "12:30")
    assert made["extra"] == {"on": "yes", "off": "010", "day": "2026-03-03", "1": 1000.0}


def test_other_readers_of_yaml_understand_what_is_read(lone: Service) -> None:
    extra = {"time": "2026-03-03T08:00:00Z", "word": "yes", "number": "010", "twice": [{"a": []}, {"a": []}]}
    made = lone.editor.create("articles", title="No", extra=extra)
    text = read(lone.editor, f"{ARTICLES}/{made['id']}").get_data(as_text=True)
    matter = yaml.safe_load(text.split("---\n")[1])
    assert (matter["title"], matter["extra"]) == ("No", extra)


def test_reading_the_form_needs_the_scope_of_reading(lone: Service) -> None:
    made = lone.editor.create("articles")
    path = f"{ARTICLES}/{made['id']}"
    assert lone.get(path, headers={"Accept": MARKDOWN}).status_code == 401
    assert read(lone.viewer, path).headers["Cache-Control"] == "no-store"
    assert send(lone.viewer, "PUT", path, "---\ntitle: A\n---\n", If_Match="*").status_code == 403
