import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.rendering import render

PAYLOADS = [
    "<script>x()</script>",
    "<SCRIPT SRC=//h.example/x.js></SCRIPT>",
    "<scr<script>ipt>x()</scr</script>ipt>",
    "<script/x>x()</script>",
    "<img src=x onerror=x()>",
    "<img src='x' OnErRoR='x()'>",
    "<img/src=x/onerror=x()>",
    '<img src="x` `<script>x()</script>"` `>',
    '<img alt="`><script>x()</script>">',
    "<p onclick=x()>a</p>",
    "<details open ontoggle=x()>a</details>",
    "<body onload=x()>",
    "<video><source onerror=x()></video>",
    "<a href='javascript:x()'>a</a>",
    "<a href='JaVaScRiPt:x()'>a</a>",
    "<a href=' javascript:x()'>a</a>",
    "<a href='\x01javascript:x()'>a</a>",
    "<a href='java\tscript:x()'>a</a>",
    "<a href='java\nscript:x()'>a</a>",
    "<a href='javascript\r\n:x()'>a</a>",
    "<a href='&#106;avascript:x()'>a</a>",
    "<a href='&#x6A&#x61vascript:x()'>a</a>",
    "<a href='javascript&colon;x()'>a</a>",
    "<a href='java&Tab;script:x()'>a</a>",
    "<a href='java&NewLine;script&colon;x()'>a</a>",
    "<a href='javascript&#0000058x()'>a</a>",
    "<a href='vbscript:x()'>a</a>",
    "<a href='data:text/html,<script>x()</script>'>a</a>",
    "<a href='blob:https://h.example/1'>a</a>",
    "<a href='file:///etc/passwd'>a</a>",
    "<a href='feed:javascript:x()'>a</a>",
    "<a href='view-source:javascript:x()'>a</a>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<img src=x srcset='javascript:x() 1x'>",
    "<blockquote cite='javascript:x()'>a</blockquote>",
    "<a href='//h.example/'>a</a>",
    "<a href='/\\h.example/'>a</a>",
    "<a href='\\\\h.example/'>a</a>",
    "<a href='/\t/h.example/'>a</a>",
    "<a href='\n//h.example/'>a</a>",
    "<a href='&sol;&sol;h.example'>a</a>",
    "<img src='//h.example/a.png'>",
    "<p style='background:url(javascript:x())'>a</p>",
    "<style>@import '//h.example/x.css';</style>",
    "<p class='fixed admin-bar'>a</p>",
    "<code class='language-js\" onclick=x() \"'>a</code>",
    "<svg><script>x()</script></svg>",
    "<svg onload=x()>",
    "<svg><a xlink:href='javascript:x()'><text>a</text></a></svg>",
    "<svg><animate onbegin=x() attributeName=x></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=x()>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=x()&gt;'>",
    "<math><mi><table><mglyph><style><math><table id='</table><img src onerror=x()>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=x()>",
    "<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>",
    "<noscript><style></noscript><img src=x onerror=x()></style>",
    "<textarea><p title='</textarea><img src=x onerror=x()>'></textarea>",
    "<title><a href='</title><img src=x onerror=x()>'>",
    "<xmp><p title='</xmp><img src=x onerror=x()>'>",
    "<iframe srcdoc='<script>x()</script>'></iframe>",
    "<iframe src='javascript:x()'>",
    "<template><script>x()</script></template>",
    "<object data='javascript:x()'></object>",
    "<embed src='javascript:x()'>",
    "<form action='javascript:x()'><button>a</button></form>",
    "<button formaction='javascript:x()'>a</button>",
    "<input autofocus onfocus=x()>",
    "<base href='//h.example/'>",
    "<link rel=stylesheet href='//h.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=javascript:x()'>",
    "<isindex action=javascript:x() type=image>",
    "<!--><img src=x onerror=x()>-->",
    "<!-- --!><img src=x onerror=x()> -->",
    "<![CDATA[><img src=x onerror=x()>]]>",
    "<?xml ><img src=x onerror=x()>?>",
    '<a href="x"onmouseover=x()>a</a>',
    "<a href='x\" onmouseover=\"x()'>a</a>",
    "<a <script>x()</script>",
    "<img src=x onerror=x()",
    "<plaintext><img src=x onerror=x()>",
    "<p is=x-evil slot=a tabindex=1 contenteditable>a</p>",
    "<h2 id='x\" onclick=\"x()'>a</h2>",
    "<td align='x\" onclick=\"x()'>a</td>",
    "[a](javascript:x())",
    "[a](<java\tscript:x()>)",
    "[a](&#106;avascript:x())",
    "[a](//h.example/)",
    "[a](/\\h.example/)",
    "![a](//h.example/a.png)",
    "<javascript:x()>",
    "<vbscript:x()>",
    "[a]: javascript:x()\n\n[a]",
    "[a](/ 't\" onclick=\"x()')",
    '```"><script>x()</script>\nx\n```',
    "`<script>`<script>x()</script>",
]

ALLOWED = {
    *[
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
    ],
    *[
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
    ],
    *["summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr"],
}
ALLOWED_ATTRIBUTES = {
    *[
        "abbr",
        "align",
        "alt",
        "cite",
        "class",
        "colspan",
        "datetime",
        "dir",
        "height",
        "href",
        "hreflang",
        "id",
        "lang",
        "reversed",
        "rowspan",
        "scope",
        "span",
    ],
    *["src", "start", "title", "type", "value", "width"],
}


class Inspector(HTMLParser):
    """Fails on anything that could act, seen by a parser other than the sanitiser's own."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED
        for name, value in attrs:
            assert name in ALLOWED_ATTRIBUTES
            if name in {"href", "src", "cite"}:
                url = re.sub(r"[\x00-\x20]", "", value).replace("\\", "/")
                assert not url.startswith("//")
                scheme = re.match(r"([^/?#]*):", url)
                assert not scheme or scheme[1].lower() in {"http", "https", "mailto", "tel"}
            if name == "class":
                assert re.fullmatch(r"language-[A-Za-z0-9_+#.-]+", value)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


def inspect(html):
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("format", ["markdown", "html"])
def test_nothing_that_acts_survives(format, payload):
    for source in (payload, f"a {payload} b", f"<table><tr><td>{payload}", f"<ul><li>{payload}</ul>", payload * 3):
        rendition = render(format, source)
        inspect(rendition.html)
        inspect(render("markdown", rendition.markdown).html)
        assert render("html", rendition.html).html == rendition.html


def test_the_inspection_would_notice():
    for html in (
        "<script>",
        "<p onclick='x'>",
        "<a href='java\tscript:x'>",
        "<a href='/\\h'>",
        "<b class='a'>",
        "<!--a-->",
    ):
        with pytest.raises(AssertionError):
            inspect(html)


@pytest.mark.parametrize(
    "url",
    [
        "https://garden.example/a?b=1&amp;copy=2#c",
        "HTTP://garden.example/",
        "mailto:gate@garden.example",
        "tel:+123",
        "/a/b",
        "../a",
        "./a:b",
        "?q=a:b",
        "#part",
        "/a//b",
    ],
)
def test_good_links_stay_as_written_and_without_rel(url):
    html = f'<a href="{url}">a</a>'
    assert render("html", html).html == html


@pytest.mark.parametrize(
    "url", ["//h.example", "/\\h.example", "x:y", "java\nscript:x", "data:,a", "javascript&colon;x"]
)
def test_a_bad_link_keeps_its_text(url):
    assert render("html", f'<a href="{url}">text</a>').html == "<a>text</a>"


def test_an_ampersand_that_begins_no_entity_stays_in_a_link():
    assert render("html", '<a href="/a?b=1&copy=2">a</a>').html == '<a href="/a?b=1&amp;copy=2">a</a>'


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("language-py", ' class="language-py"'),
        ("hljs language-c++ dark", ' class="language-c++"'),
        ("hljs", ""),
        ("language-", ""),
        ("xlanguage-py", ""),
        ("language-a;b", ""),
    ],
)
def test_only_the_language_of_code_is_kept_as_class(written, kept):
    assert render("html", f"<pre><code class='{written}'>a</code></pre>").html == f"<pre><code{kept}>a</code></pre>"


@pytest.mark.parametrize(("written", "kept"), [("RIGHT", ' align="right"'), ("center", ' align="center"'), ("x", "")])
def test_only_real_alignments_are_kept(written, kept):
    html = render("html", f"<table><tbody><tr><td align='{written}'>a</td></tr></tbody></table>").html
    assert html == f"<table><tbody><tr><td{kept}>a</td></tr></tbody></table>"


def test_ordinary_html_is_unchanged():
    html = (
        '<h2 id="beds">Beds</h2><p lang="en">A <b>good</b><br><img src="/a.png" alt="bed" width="3"></p>'
        '<ol start="3"><li>dig<ul><li>deep</li></ul></li></ol><dl><dt>t</dt><dd>d</dd></dl>'
        "<figure><blockquote><p>q</p></blockquote><figcaption>c</figcaption></figure><hr>"
        '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td colspan="2">b</td></tr></tbody></table>'
        '<pre>a\n  b</pre><details><summary>s</summary><p>t</p></details><p>1 &lt; 2 &amp; 3&nbsp;"q"</p>'
    )
    assert render("html", html).html == html


def test_omitted_end_tags_are_supplied():
    assert render("html", "<ul><li>a<li>b<ul><li>c</ul><li>d</ul><p>e<p>f").html == (
        "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul><p>e</p><p>f</p>"
    )


def test_unknown_tags_go_and_their_text_stays():
    assert render("html", "<section><p>a <blink>b</blink></p></section>").html == "<p>a b</p>"


@pytest.mark.parametrize("end", ["</pre>", ""])
def test_line_breaks_at_the_start_of_code_go_all_at_once(end):
    assert render("html", "<p>a</p><pre>" + "\n" * 20 + "b" + end).html == "<p>a</p><pre>b</pre>"


def test_html_that_keeps_changing_is_reduced_to_its_text(monkeypatch):
    monkeypatch.setattr("cms.rendering.sanitising.MAX_ROUNDS", 0)
    rendition = render("html", "<p>a &amp; <b>b</b>&nbsp;&lt;i&gt;</p><script>x()</script>")
    assert rendition.html == "a &amp; b&nbsp;&lt;i&gt;"
    monkeypatch.undo()
    assert render("html", rendition.html).html == rendition.html


FRAGMENTS = st.sampled_from(
    [
        *{tag for name in sorted(ALLOWED) for tag in (f"<{name}>", f"</{name}>")},
        *("<button>", "</button>", "<svg>", "</svg>", "<math>", "<mtext>", "<style>", "</style>", "<script>", "<!--"),
        *("-->", "<form>", "<select>", "<option>", "<template>", "<object>", "</object>", "<noscript>", "<textarea>"),
        *("<a href='", "<a href=/x>", "<h2 id='a'>", "<h3 id='a-2'>", "<img alt='", "'", '"', ">", "<", "&", "&amp;"),
        *(
            "\n",
            "\r",
            "\t",
            "&#13;",
            "&nbsp;",
            "\u00a0",
            "&lt;script&gt;",
            "a",
            "javascript:",
            "//",
            "=",
            "]]>",
            "`",
            "*",
        ),
    ]
)


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_rendering_html_again_changes_nothing(source):
    once = render("html", source)
    inspect(once.html)
    again = render("html", once.html)
    assert (again.html, again.text, again.toc) == (once.html, once.text, once.toc)


@settings(max_examples=200)
@given(st.text(st.characters(exclude_characters="\0"), max_size=300))
def test_any_text_renders_to_a_fixed_point(source):
    for format in ("markdown", "html"):
        html = render(format, source).html
        inspect(html)
        assert render("html", html).html == html
