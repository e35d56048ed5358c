"""Rich text as blocks: written, refused, kept, delivered in every format, and trusted by scope."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import ValidationError

from cms.api.http.fields import faults_of
from cms.api.v1.rich_text import RichText
from cms.content.editing.write import begin_write
from cms.content.model import Revision
from cms.keys import Actor
from tests.service import Service

Blocks = list[dict[str, Any]]

WIDGET = {
    "_type": "html",
    "trust": "sandboxed",
    "html": "<canvas id='tide'></canvas>",
    "css": "canvas { width: 100% }",
    "js": "draw('</script>')",
    "height": 320,
    "title": "The tide today",
}
RAW = {"_type": "html", "trust": "raw", "html": "<form action='/newsletter'><button>Join</button></form>"}


def paragraph(text: str, **members: Any) -> dict[str, Any]:
    return {"_type": "block", "children": [{"_type": "span", "text": text}], **members}


PAGE: Blocks = [
    {"_type": "markdown", "markdown": "## First, the paste\n\nIt has to be **warm**.\n"},
    WIDGET,
    paragraph("Soak", listItem="number"),
    paragraph("Press", listItem="number", _key="press"),
    {"_type": "call-to-action", "label": "Book a first visit", "url": "/visit"},
    {"_type": "pull-out", "kind": "statistic", "value": "87 %", "content": [paragraph("of spines can be saved")]},
    {"_type": "embed", "url": "https://youtu.be/M7lc1UVf-VE?si=abc&t=90", "title": "At the bench"},
    {"_type": "image", "src": "/media/bench.jpg", "alt": "A bench", "caption": "The bench"},
]


def body(source: Any) -> dict[str, Any]:
    return {"format": "blocks", "source": source}


def refused(service: Service, source: Any) -> set[tuple[str, str]]:
    response = service.editor.post("/api/v1/manage/articles", json={"title": "A page", "body": body(source)})
    assert response.status_code == 422, response.get_data(as_text=True)
    return {(each["pointer"].removeprefix("#/body/source/"), each["code"]) for each in response.get_json()["errors"]}


def test_a_page_of_blocks_comes_in_every_format(service: Service) -> None:
    written = service.editor.create_published("articles", title="A page", body=body(PAGE))
    assert written["body"] == body(PAGE)
    query = {"formats": "html,markdown,text,blocks", "fields": "body,toc,word_count,summary"}
    delivered = service.get(f"/api/v1/articles/{written['slug']}", query_string=query).get_json()["data"]
    texts = delivered["body"]
    assert list(texts) == ["html", "markdown", "text", "blocks"]
    assert [each["_type"] for each in texts["blocks"]] == [
        *("block", "block", "html", "block", "block", "call-to-action", "pull-out", "embed", "image")
    ]
    assert texts["blocks"][0]["id"] == delivered["toc"][0]["id"] == "first-the-paste"
    assert texts["blocks"][4]["_key"] == "press"
    for name in ("html", "markdown", "text"):
        assert "The tide today" in texts[name]
        assert "Book a first visit" in texts[name]
        assert "canvas" not in texts[name]
        assert "draw" not in texts[name]
    assert "<ol>\n<li>Soak</li>\n<li>Press</li>\n</ol>" in texts["html"]
    assert "1. Soak\n2. Press" in texts["markdown"]
    assert delivered["summary"].startswith("It has to be warm.")


def test_what_is_written_and_delivered_is_as_documented(service: Service) -> None:
    document = service.get("/api/v1/openapi.json").get_json()

    def faults(schema: dict[str, Any], value: Any) -> list[str]:
        validator = Draft202012Validator(schema | {"components": document["components"]})
        return [f"{list(each.absolute_path)}: {each.message[:200]}" for each in validator.iter_errors(value)]

    table = "| a | b |\n|:--|---|\n| *c* | ![d](/e.png) |\n\n> - q\n\n1. x\n\n   ```py\n   y\n   ```\n\n- [z](/)\n"
    page = [*PAGE, RAW, {"_type": "markdown", "markdown": table}]
    written = document["components"]["schemas"]["ArticleWrite"]["properties"]["body"]
    assert faults(written, body(page)) == []
    assert faults(written, body([paragraph("a", colour="red")])) != []
    article = service.admin.create_published("articles", body=body(page))
    found = service.get(f"/api/v1/articles/{article['slug']}?formats=blocks").get_json()["data"]["body"]
    assert {"table", "list", "blockquote"} < {each["_type"] for each in found["blocks"]}
    assert faults({"$ref": "#/components/schemas/Body"}, found) == []


def test_what_is_delivered_can_be_written_again(service: Service) -> None:
    """But for frames, of whose content only the source tells."""
    markdown = (
        "## Beds\n\nDig *deep* [here](/a).\n\n1. x\n\n   ```py\n   y\n   ```\n\n| a |\n|---|\n| b |\n\n![c](/d.png)\n"
    )
    first = service.editor.create_published("articles", body=markdown)
    path = f"/api/v1/articles/{first['slug']}?formats=html,blocks"
    delivered = service.get(path).get_json()["data"]["body"]
    again = service.editor.create_published("articles", body=body(delivered["blocks"]))
    path = f"/api/v1/articles/{again['slug']}?formats=html,blocks"
    assert service.get(path).get_json()["data"]["body"]["blocks"] == delivered["blocks"]


def test_what_is_sandboxed_is_the_data_of_a_frame_without_the_origin(service: Service) -> None:
    article = service.editor.create_published("articles", body=body([WIDGET]))
    path = f"/api/v1/articles/{article['slug']}?formats=blocks"
    (block,) = service.get(path).get_json()["data"]["body"]["blocks"]
    assert block.keys() == {"_type", "_key", "trust", "height", "title", "iframe"}
    frame = block["iframe"]
    assert "allow-same-origin" not in frame["sandbox"]
    assert (frame["height"], frame["title"]) == (320, "The tide today")
    head, content = frame["srcdoc"].split("</head>")
    assert f'<meta http-equiv="Content-Security-Policy" content="{frame["csp"]}">' in head
    assert content == "<body><canvas id='tide'></canvas><script>draw('<\\/script>')</script></body></html>"


def test_an_embed_is_data_under_its_canonical_address(service: Service) -> None:
    embed = {"_type": "embed", "_key": "film", "url": "https://youtu.be/M7lc1UVf-VE?si=abc"}
    article = service.editor.create_published("articles", body=body([embed]))
    found = service.get(f"/api/v1/articles/{article['slug']}?formats=blocks,html").get_json()["data"]["body"]
    assert found["blocks"] == [
        {
            "_type": "embed",
            "_key": "film",
            "provider": "youtube",
            "id": "M7lc1UVf-VE",
            "url": "https://www.youtube.com/watch?v=M7lc1UVf-VE",
            "player_url": "https://www.youtube-nocookie.com/embed/M7lc1UVf-VE",
            "aspect_ratio": "16:9",
        }
    ]
    assert found["html"] == (
        '<figure><a href="https://www.youtube.com/watch?v=M7lc1UVf-VE">'
        "https://www.youtube.com/watch?v=M7lc1UVf-VE</a></figure>\n"
    )


def test_every_fault_of_blocks_has_its_pointer(service: Service) -> None:
    source = [
        "words",
        {"children": []},
        {"_type": "carousel"},
        paragraph("a", style="h7", level=0, colour="red"),
        {"_type": "block", "children": [{"_type": "span", "text": 7}, {"_type": "span", "text": "a", "marks": ["m9"]}]},
        {"_type": "block", "children": [], "markDefs": [{"_type": "link", "_key": "l", "href": "javascript:x()"}]},
        {"_type": "embed", "url": "https://films.example/1"},
        {"_type": "embed", "url": "https://www.youtube.com/feed"},
        {"_type": "pull-out", "kind": "statistic"},
        {"_type": "pull-out", "kind": "note", "value": "1", "content": [WIDGET]},
        {"_type": "list", "items": [{"_type": "list-item", "content": [{"_type": "code"}]}]},
        paragraph("b", _key="same"),
        paragraph("c", _key="same"),
        {"_type": "html", "trust": "sandboxed", "html": "a\x00", "iframe": {}},
        {"_type": "image", "src": "mailto:a@b.example"},
    ]
    assert refused(service, source) == {
        ("0", "invalid_type"),
        ("1/_type", "required"),
        ("2/_type", "unknown_value"),
        ("3/style", "unknown_value"),
        ("3/level", "out_of_range"),
        ("3/colour", "unknown_field"),
        ("4/children/0/text", "invalid_type"),
        ("4/children/1/marks/0", "unknown_mark"),
        ("5/markDefs/0/href", "invalid_format"),
        ("6/url", "unknown_provider"),
        ("7/url", "invalid_url"),
        ("8/value", "required"),
        ("9/content/0/_type", "unknown_value"),
        ("10/items/0/content/0/code", "required"),
        ("12/_key", "duplicate"),
        ("13/html", "invalid_character"),
        ("13/iframe", "unknown_field"),
        ("14/src", "invalid_format"),
    }


def test_an_address_that_leaves_the_site_unseen_or_holds_markup_is_refused(service: Service) -> None:
    addresses = ["//evil.example", "///evil.example", "https://a:b@c.example", "https://c.example:x/", "<script>"]
    addresses += ['https://c.example"onclick=x', '/x"y', "javascript&colon;alert(1)", "javascript:x", "data:,x"]
    links = [{"_type": "link", "_key": f"l{number}", "href": each} for number, each in enumerate(addresses)]
    source = [paragraph("a", markDefs=links), *({"_type": "image", "src": each} for each in addresses)]
    assert refused(service, source) == {
        *((f"0/markDefs/{number}/href", "invalid_format") for number in range(len(addresses))),
        *((f"{number + 1}/src", "invalid_format") for number in range(len(addresses))),
    }
    fine = ("/visit", "#times", "?page=2", "mailto:post@site.example", "tel:+4355", "../a.html", "https://c.example/ü")
    links = [{"_type": "link", "_key": f"l{number}", "href": each} for number, each in enumerate(fine)]
    service.editor.create("articles", body=body([paragraph("a", markDefs=links)]))


@pytest.mark.parametrize("span", [{"text": "a", "marks": ["m9"] * 20}, {"text": 5, "marks": [0] * 20}])
def test_after_a_hundred_faults_no_more_are_looked_for(span: dict[str, Any]) -> None:
    source = [paragraph("a", children=[{"_type": "span", **span}] * 1_000)] * 3
    with pytest.raises(ValidationError) as caught:
        RichText().deserialize(body(source))
    assert 100 <= str(caught.value.messages).count("This ") <= 300
    assert len(faults_of(caught.value)) == 100


def test_more_than_ten_thousand_objects_are_refused_unjudged(service: Service) -> None:
    rows = [{"_type": "row", "cells": [{"_type": "cell", "value": []}] * 5}] * 1_700
    assert refused(service, [{"_type": "table", "rows": rows}]) == {("#/body/source", "too_many")}


def test_a_pointer_to_a_field_of_a_long_name_has_its_beginning(service: Service) -> None:
    assert refused(service, [paragraph("a", **{"x" * 9_000: 1})]) == {(f"0/{'x' * 200}", "unknown_field")}


@pytest.mark.parametrize("source", ["a string", {"_type": "block"}, None, 7])
def test_the_source_of_blocks_is_a_list(service: Service, source: Any) -> None:
    assert refused(service, source) == {("#/body/source", "null" if source is None else "invalid_type")}


def test_more_than_half_a_megabyte_of_blocks_is_refused(service: Service) -> None:
    source = [paragraph("x" * 90_000) for _ in range(6)]
    assert refused(service, source) == {("#/body/source", "too_long")}


def test_a_save_of_the_same_blocks_is_no_change(service: Service) -> None:
    article = service.editor.create("articles", body=body(PAGE))
    again = service.editor.change("articles", article, body=body(PAGE))
    assert (again["version"], again["etag"]) == (article["version"], article["etag"])
    swapped = service.editor.change("articles", article, body={"source": PAGE[::-1]})
    assert swapped["version"] == article["version"] + 1
    assert swapped["body"]["source"] == PAGE[::-1]


def test_the_name_that_other_formats_give_a_type_is_understood(service: Service) -> None:
    plain = {name: value for name, value in WIDGET.items() if name != "_type"} | {"type": "html"}
    article = service.editor.create_published("articles", body=body([plain]))
    assert article["body"]["source"] == [plain]
    (block,) = service.get(f"/api/v1/articles/{article['slug']}?formats=blocks").get_json()["data"]["body"]["blocks"]
    assert block["_type"] == "html"
    assert "type" not in block
    assert "iframe" in block


def test_raw_html_is_written_by_who_may_and_delivered_as_given(service: Service) -> None:
    page = [paragraph("Before"), RAW, paragraph("After")]
    response = service.editor.post("/api/v1/manage/articles", json={"title": "A form", "body": body(page)})
    assert response.status_code == 403
    assert response.get_json()["scope"] == "html:raw"
    assert [(each["pointer"], each["code"]) for each in response.get_json()["errors"]] == [
        ("#/body/source/1/trust", "missing_scope")
    ]
    article = service.admin.create_published("articles", body=body(page))
    found = service.get(f"/api/v1/articles/{article['slug']}?formats=html,blocks,text,markdown").get_json()["data"]
    assert found["body"]["html"] == f"<p>Before</p>\n{RAW['html']}\n<p>After</p>\n"
    assert found["body"]["blocks"][1]["html"] == RAW["html"]
    assert "<form" not in found["body"]["markdown"] + found["body"]["text"]
    assert "Join" in found["body"]["text"]


def test_who_may_not_write_raw_html_leaves_what_is_there(service: Service) -> None:
    article = service.admin.create("articles", body=body([RAW]))
    moved = service.editor.change("articles", article, body=body([paragraph("Before"), RAW]), title="Another title")
    assert moved["body"]["source"][1] == RAW
    path = f"/api/v1/manage/articles/{article['id']}"
    changed = RAW | {"html": "<script>other()</script>"}
    for wrong in ([changed], [RAW, changed], [RAW, RAW]):
        response = service.editor.patch(path, json={"body": body(wrong)}, if_match="*")
        assert response.status_code == 403
    emptied = service.editor.change("articles", article, body="Nothing.")
    refused_again = service.editor.patch(path, json={"body": body([RAW])}, if_match="*")
    assert refused_again.status_code == 403, "It is no longer there."
    assert service.editor.read("articles", article) == emptied


def test_raw_html_comes_back_and_spreads_by_who_may_write_it_only(service: Service) -> None:
    article = service.admin.create("articles", body=body([RAW]))
    path = f"/api/v1/manage/articles/{article['id']}"
    assert service.editor.put(f"{path}/publication", json={}, if_match="*").status_code == 200, "It is in the draft."
    service.editor.unpublish("articles", article)
    assert service.editor.post(f"{path}/duplicate").status_code == 403
    service.editor.trash("articles", article)
    assert service.editor.post(f"{path}/undelete").status_code == 200, "The draft has it still."
    service.admin.change("articles", article, body="Nothing.")
    old = {"revision": 1}
    refused = [
        service.editor.post(f"{path}/restore", json=old),
        service.editor.put(f"{path}/publication", json=old, if_match="*"),
    ]
    for response in refused:
        assert response.status_code == 403
        assert response.get_json()["scope"] == "html:raw"
    assert service.editor.read("articles", article)["body"]["source"] == "Nothing."
    assert service.admin.post(f"{path}/restore", json=old).get_json()["data"]["body"]["source"] == [RAW]
    assert service.admin.post(f"{path}/duplicate").get_json()["data"]["body"]["source"] == [RAW]


def test_markdown_and_html_come_as_blocks_too(service: Service) -> None:
    markdown = "## Beds\n\nDig *deep*.\n"
    html = "<h2>Beds</h2><p>Dig <em>deep</em>.</p>"
    written = [markdown, {"format": "html", "source": html}]
    found = []
    for source in written:
        article = service.editor.create_published("articles", body=source)
        path = f"/api/v1/articles/{article['slug']}?formats=blocks"
        found.append(service.get(path).get_json()["data"]["body"]["blocks"])
    assert found[0] == found[1]
    assert [each["style"] for each in found[0]] == ["h2", "normal"]
    assert [span["marks"] for span in found[0][1]["children"]] == [[], ["em"], []]


def test_a_body_of_markdown_returns_byte_for_byte(service: Service) -> None:
    source = "\ufeff# T  \r\n\r\n*  a\t<b>x</b>\u00a0\n\n\n"
    article = service.editor.create_published("articles", body=source)
    assert service.editor.read("articles", article)["body"] == {"format": "markdown", "source": source}
    path = f"/api/v1/articles/{article['slug']}?formats=markdown"
    assert service.get(path).get_json()["data"]["body"]["markdown"] == source


def test_blocks_of_what_is_embedded_and_of_drafts(service: Service) -> None:
    faq = service.editor.create_published("faqs", question="How long?", answer=body([paragraph("Overnight.")]))
    article = service.editor.create_published("articles", faqs=[faq["id"]], body=body([paragraph("Live.")]))
    service.editor.change("articles", article, body=body([paragraph("Draft.")]))
    query = {"formats": "blocks", "include": "faqs"}
    live = service.get(f"/api/v1/articles/{article['slug']}", query_string=query).get_json()["data"]
    draft = service.editor.get(f"/api/v1/preview/articles/{article['slug']}", query_string=query).get_json()["data"]
    for data, words in ((live, "Live."), (draft, "Draft.")):
        assert data["body"]["blocks"][0]["children"][0]["text"] == words
        assert data["faqs"][0]["answer"]["blocks"][0]["children"][0]["text"] == "Overnight."
    with service.counting() as measured:
        service.get(f"/api/v1/articles/{article['slug']}", query_string=query | {"fields": "body,faqs"})
    assert measured.statements <= 6


def test_a_revision_from_before_blocks_were_kept_has_them(service: Service) -> None:
    article = service.editor.create_published("articles", body="A *quiet* bench.")
    path = f"/api/v1/articles/{article['slug']}?formats=blocks"
    kept = service.get(path).get_json()["data"]["body"]
    known = service.services
    with begin_write(known.database, known.types, Actor(), known.settings.public_url) as write:
        write.session.get_one(Revision, (article["id"], 1)).blocks = None
        write.advance_content()
        write.record("saved", "article", article["id"], 1)
    assert service.get(path).get_json()["data"]["body"] == kept
    later = service.editor.change("articles", article, title="Another title")
    service.editor.publish("articles", later)
    assert service.get(path).get_json()["data"]["body"] == kept
