import pytest

from cms.rendering import render


def test_commonmark_becomes_html():
    html = render("markdown", "A *quiet* [garden](/gardens/7).\n\n1. dig\n2. sow\n").html
    assert html == (
        '<p>A <em>quiet</em> <a href="/gardens/7">garden</a>.</p>\n<ol>\n<li>dig</li>\n<li>sow</li>\n</ol>\n'
    )


def test_table_cells_keep_their_alignment_without_a_style():
    html = render("markdown", "| l | c | r | n |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |\n").html
    assert '<th align="left">l</th>\n<th align="center">c</th>\n<th align="right">r</th>\n<th>n</th>' in html
    assert '<td align="left">1</td>' in html
    assert "style" not in html


def test_fenced_code_keeps_its_language_and_its_characters():
    html = render("markdown", "```c++ numbered\nif (a < b && c) {}\n```\n").html
    assert html == '<pre><code class="language-c++">if (a &lt; b &amp;&amp; c) {}\n</code></pre>\n'


def test_inline_html_is_allowed_and_sanitised():
    html = render("markdown", "H<sub>2</sub>O <span onclick='steal()' lang='fr'>eau</span>").html
    assert html == '<p>H<sub>2</sub>O <span lang="fr">eau</span></p>\n'


def test_markdown_of_markdown_is_the_source_byte_for_byte():
    source = "\ufeff# T  \r\n\r\n*  a\t<b>x</b>\u00a0\n\n\n"
    assert render("markdown", source).markdown == source


def test_markdown_of_html_is_written_from_the_sanitised_html():
    markdown = render(
        "html", "<h2>Soil</h2><script>x()</script><p>A <b>good</b> <a href='javascript:x()'>bed</a></p>"
    ).markdown
    assert markdown == "## Soil\n\nA **good** bed\n"


def test_text_of_html_stays_text_in_its_markdown():
    visible = "<script>x()</script> *a* _b_ [c](d) &amp; `e` # f"
    html = "<p>" + visible.replace("&", "&amp;").replace("<", "&lt;") + "</p>"
    again = render("markdown", render("html", html).markdown)
    assert again.text == visible


def test_markdown_of_html_renders_to_the_same_text():
    source = (
        "<h2>Beds</h2><ul><li>peas<ul><li>sweet</li></ul></li></ul><blockquote><p>Dig &lt;deep&gt;</p></blockquote>"
        '<pre><code class="language-py">if a:\n    b()\n</code></pre><table><thead><tr><th>a</th><th>b|c</th></tr>'
        "</thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )
    first = render("html", source)
    assert render("markdown", first.markdown).text == first.text


def test_too_much_markup_becomes_plain_paragraphs():
    rendition = render("markdown", "**bold** <b>\n\nsecond\n\n" + "*a " * 30_000)
    assert rendition.html.startswith("<p>**bold** &lt;b&gt;</p>\n<p>second</p>\n<p>*a *a")
    assert rendition.text.startswith("**bold** <b>\n\nsecond\n\n*a *a")


@pytest.mark.exhaustive
def test_markup_within_the_limit_is_parsed():
    assert render("markdown", "**bold**\n\n" + "- a\n" * 10_000).html.count("<li>") == 10_000
