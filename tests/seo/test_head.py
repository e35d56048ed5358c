from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.seo.head import PageFacts, absolute, is_indexable, search_head, shortened, titled

BASE = "https://harbour-and-reed.example"
ADDRESS = f"{BASE}/blog/a-quiet-morning"
HERO = {"url": "/media/bench.jpg", "alt": "A bench", "width": 1600, "height": 900}
SHARED = {"url": "https://pictures.example/share.jpg", "alt": "", "width": None, "height": None}
LOGO = {"url": "/media/logo.png", "alt": "A reed", "width": 640, "height": 160}
UNFETCHABLE = {"url": "mailto:orla@harbour-and-reed.example", "alt": "", "width": None, "height": None}
PAGE = PageFacts(
    title="A quiet morning",
    written={},
    summary="Paste, paper and a first cup of tea.",
    excerpt="The workshop is cold at six.",
    url=ADDRESS,
    image=HERO,
    site_name="Harbour & Reed",
    title_template="{title} | {site}",
    base_url=BASE,
    logo=LOGO,
    locale="en",
    default_locale="en",
    published_at="2026-03-03T08:00:00.000Z",
    updated_at="2026-03-04T10:30:00.000Z",
    authors=("Orla Wrenmoor",),
    tags=("Repair", "Paper"),
    translations={"de": f"{BASE}/blog/ein-stiller-morgen"},
)


def head(**changes):
    return search_head(replace(PAGE, **changes))


def test_the_head_of_an_article():
    assert search_head(PAGE) == {
        "title": "A quiet morning | Harbour & Reed",
        "description": "Paste, paper and a first cup of tea.",
        "canonical_url": ADDRESS,
        "robots": "index, follow, max-image-preview:large",
        "open_graph": {
            "type": "article",
            "title": "A quiet morning",
            "description": "Paste, paper and a first cup of tea.",
            "url": ADDRESS,
            "site_name": "Harbour & Reed",
            "locale": "en",
            "locale_alternates": ["de"],
            "image": {"url": f"{BASE}/media/bench.jpg", "alt": "A bench", "width": 1600, "height": 900},
            "published_time": "2026-03-03T08:00:00.000Z",
            "modified_time": "2026-03-04T10:30:00.000Z",
            "authors": ["Orla Wrenmoor"],
            "section": "Repair",
            "tags": ["Repair", "Paper"],
        },
        "twitter": {
            "card": "summary_large_image",
            "title": "A quiet morning",
            "description": "Paste, paper and a first cup of tea.",
            "image": f"{BASE}/media/bench.jpg",
            "image_alt": "A bench",
        },
        "alternates": [
            {"hreflang": "de", "href": f"{BASE}/blog/ein-stiller-morgen"},
            {"hreflang": "en", "href": ADDRESS},
            {"hreflang": "x-default", "href": ADDRESS},
        ],
    }


def test_the_head_of_a_page_that_is_no_article_has_nothing_of_an_article():
    found = head(type="profile", title="Orla Wrenmoor")
    assert found["title"] == "Orla Wrenmoor | Harbour & Reed"
    assert {name: found["open_graph"][name] for name in ("type", "published_time", "modified_time", "section")} == {
        "type": "profile",
        "published_time": None,
        "modified_time": None,
        "section": None,
    }
    assert found["open_graph"]["authors"] == found["open_graph"]["tags"] == []


def test_a_bare_page_has_every_member():
    bare = head(
        summary=None, excerpt="", url=None, image=None, logo=None, authors=(), tags=(), translations={}, locale="de"
    )
    full = search_head(PAGE)
    assert [set(bare), set(bare["open_graph"]), set(bare["twitter"])] == [
        set(full),
        set(full["open_graph"]),
        set(full["twitter"]),
    ]
    assert (bare["description"], bare["canonical_url"], bare["open_graph"]["image"]) == (None, None, None)
    assert (bare["twitter"]["card"], bare["twitter"]["image"], bare["alternates"]) == ("summary", None, [])


@pytest.mark.parametrize(
    ("title", "template", "expected"),
    [
        ("A quiet morning", "{title} | {site}", "A quiet morning | Harbour & Reed"),
        ("A quiet morning", "{site}: {title}", "Harbour & Reed: A quiet morning"),
        ("A quiet morning", "{title}", "A quiet morning"),
        ("A quiet morning", "{title}, by hand", "A quiet morning, by hand"),
        ("Harbour & Reed", "{title} | {site}", "Harbour & Reed"),
        ("HARBOUR & reed", "{title} | {site}", "HARBOUR & reed"),
        ("A quiet morning | Harbour & Reed", "{title} | {site}", "A quiet morning | Harbour & Reed"),
        ("Harbour & Reed: A quiet morning", "{site}: {title}", "Harbour & Reed: A quiet morning"),
        ("Harbour & Reed & Reed", "{site} & {title} & Reed", "Harbour & Reed & Harbour & Reed & Reed & Reed"),
        ("Why Harbour & Reed", "{title} | {site}", "Why Harbour & Reed | Harbour & Reed"),
        ("What {site} means", "{title} | {site}", "What {site} means | Harbour & Reed"),
        (r"\1 and \g<0>", "{title} | {site}", r"\1 and \g<0> | Harbour & Reed"),
    ],
)
def test_a_title_goes_through_the_template_exactly_once(title, template, expected):
    assert titled(title, template, "Harbour & Reed") == expected


@given(st.text(), st.sampled_from(["{title} | {site}", "{site}: {title}", "{title}", "« {title} » {site}"]))
def test_a_title_that_went_through_the_template_stays_as_it_is(title, template):
    once = titled(title, template, "Harbour & Reed")
    if title:
        assert titled(once, template, "Harbour & Reed") == once
    assert title in once


@pytest.mark.parametrize(
    ("written", "summary", "excerpt", "expected"),
    [
        ("Written.", "Summary.", "Excerpt.", "Written."),
        (None, "Summary.", "Excerpt.", "Summary."),
        ("", "", "Excerpt.", "Excerpt."),
        (None, None, " \n", None),
        ("word " * 100, None, "", "word " * 100),
        (None, "word " * 100, "", "word " * 100),
        (None, None, "word " * 100, "word " * 31 + "word…"),
    ],
)
def test_the_description_is_what_was_written_else_the_beginning_of_the_text_cut(written, summary, excerpt, expected):
    found = head(written={"description": written}, summary=summary, excerpt=excerpt)
    descriptions = [found["description"], found["open_graph"]["description"], found["twitter"]["description"]]
    assert descriptions == [expected] * 3


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two", 7, "one two"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("one,  two\nthree", 9, "one, two…"),
        ("one two, three", 9, "one two…"),
        ("日本語の文章には空白がない", 6, "日本語の文…"),
        ("A 日本語の文章には空白がない", 8, "A 日本語の文…"),
    ],
)
def test_a_text_is_cut_between_words_where_there_are_any(text, limit, expected):
    assert shortened(text, limit) == expected


@given(st.text(), st.integers(2, 200))
def test_a_cut_text_keeps_to_the_limit_and_to_the_text(text, limit):
    line = " ".join(text.split())
    cut = shortened(text, limit)
    assert len(cut) <= limit
    assert cut == line or (cut.endswith("…") and line.startswith(cut[:-1]) and len(line) > limit)


@pytest.mark.parametrize(
    ("written", "own", "logo", "expected", "card"),
    [
        (SHARED, HERO, LOGO, "https://pictures.example/share.jpg", "summary_large_image"),
        (None, HERO, LOGO, f"{BASE}/media/bench.jpg", "summary_large_image"),
        (UNFETCHABLE, HERO, LOGO, f"{BASE}/media/bench.jpg", "summary_large_image"),
        (None, None, LOGO, f"{BASE}/media/logo.png", "summary"),
        (None, UNFETCHABLE, UNFETCHABLE, None, "summary"),
    ],
)
def test_the_picture_is_the_first_that_can_be_fetched(written, own, logo, expected, card):
    found = head(written={"image": written}, image=own, logo=logo)
    assert (found["open_graph"]["image"] or {}).get("url") == found["twitter"]["image"] == expected
    assert found["twitter"]["card"] == card


@pytest.mark.parametrize(
    ("url", "base_url", "expected"),
    [
        ("/a.jpg", BASE, f"{BASE}/a.jpg"),
        ("/a.jpg", f"{BASE}/", f"{BASE}/a.jpg"),
        ("/a.jpg", f"{BASE}/shop", f"{BASE}/shop/a.jpg"),
        ("HTTPS://pictures.example/a.jpg", BASE, "HTTPS://pictures.example/a.jpg"),
        ("http://pictures.example", BASE, "http://pictures.example"),
        ("//pictures.example/a.jpg", BASE, None),
        ("https:///a.jpg", BASE, None),
        ("#a", BASE, None),
        ("tel:123", BASE, None),
        ("", BASE, None),
        (None, BASE, None),
    ],
)
def test_an_address_is_made_absolute_or_is_none(url, base_url, expected):
    assert absolute(url, base_url) == expected


def test_a_copy_names_the_original_and_stands_in_no_group_of_languages():
    original = "https://elsewhere.example/the-original"
    found = head(written={"canonical_url": original})
    assert (found["canonical_url"], found["open_graph"]["url"]) == (original, original)
    assert (found["alternates"], found["open_graph"]["locale_alternates"]) == ([], [])


def test_a_hidden_page_names_no_canonical_address_and_keeps_its_own_for_sharing():
    found = head(written={"noindex": True, "canonical_url": "https://elsewhere.example/the-original"})
    assert found["robots"] == "noindex, follow"
    assert (found["canonical_url"], found["open_graph"]["url"], found["alternates"]) == (None, ADDRESS, [])


@pytest.mark.parametrize(
    ("written", "url", "expected"),
    [
        ({}, ADDRESS, True),
        ({"canonical_url": ADDRESS}, ADDRESS, True),
        ({"canonical_url": None, "noindex": False}, ADDRESS, True),
        ({"canonical_url": BASE}, ADDRESS, False),
        ({"noindex": True}, ADDRESS, False),
        ({}, None, False),
    ],
)
def test_a_page_is_listed_that_has_an_address_and_is_neither_hidden_nor_a_copy(written, url, expected):
    assert is_indexable(written, url) is expected


def test_without_a_page_in_the_default_language_no_other_stands_in_for_it():
    codes = [each["hreflang"] for each in head(default_locale="fr")["alternates"]]
    assert codes == ["de", "en"]


def test_a_page_stands_for_its_own_language():
    found = head(translations={"en": BASE, "de": f"{BASE}/de"})["alternates"]
    assert {"hreflang": "en", "href": ADDRESS} in found


def test_open_graph_writes_locales_with_an_underscore():
    found = head(locale="zh-Hant-TW", translations={"pt-BR": BASE, "en": ADDRESS})["open_graph"]
    assert (found["locale"], found["locale_alternates"]) == ("zh_Hant_TW", ["en", "pt_BR"])


PAGES_OF_A_GROUP = st.dictionaries(
    st.sampled_from(["en", "de", "fr", "zh-Hant-TW"]),
    st.tuples(
        st.none() | st.sampled_from([f"{BASE}/{name}" for name in "abcd"]),
        st.fixed_dictionaries({"noindex": st.booleans(), "canonical_url": st.none() | st.just(BASE)}),
    ),
    min_size=1,
)


@given(PAGES_OF_A_GROUP)
def test_every_page_of_a_group_names_the_same_others_and_is_named_by_them(group):
    listed = {locale: url for locale, (url, written) in group.items() if is_indexable(written, url)}
    for locale, (url, written) in group.items():
        others = {code: other for code, other in listed.items() if code != locale}
        found = head(locale=locale, url=url, written=written, translations=others)["alternates"]
        links = {each["hreflang"]: each["href"] for each in found}
        default = {"x-default": listed["en"]} if "en" in listed else {}
        assert links == (listed | default if locale in listed and others else {})
        assert len(found) == len(links)


@pytest.mark.parametrize(
    ("updated_at", "expected"),
    [
        ("2026-03-03T07:00:00Z", "2026-03-03T09:00:00+01:00"),
        ("2026-03-03T08:30:00Z", "2026-03-03T08:30:00Z"),
    ],
)
def test_a_page_is_never_modified_before_it_is_published(updated_at, expected):
    found = head(published_at="2026-03-03T09:00:00+01:00", updated_at=updated_at)["open_graph"]
    assert found["modified_time"] == expected
