"""The graph against what schema.org and the search engines' documentation ask of it, written down as data."""

import json
import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.seo.jsonld import (
    ArticleDetails,
    Person,
    Question,
    article_graph,
    profile_graph,
    question_graph,
    script_safe,
    site_graph,
)
from cms.seo.nodes import Page, Publisher

# schema.org 30: the properties each type has of its own or inherits, as far as a site of this kind has use for them.
THING = {"name", "url", "description", "image", "sameAs", "mainEntityOfPage", "identifier", "alternateName"}
CREATIVE_WORK = THING | {
    *("headline", "alternativeHeadline", "author", "publisher", "datePublished", "dateModified", "dateCreated"),
    *("inLanguage", "isPartOf", "hasPart", "keywords", "mainEntity", "about", "timeRequired", "text", "thumbnailUrl"),
}
WEB_PAGE = CREATIVE_WORK | {"breadcrumb", "primaryImageOfPage", "lastReviewed", "speakable"}
PROPERTIES = {
    "Article": CREATIVE_WORK | {"articleBody", "articleSection", "wordCount", "speakable"},
    "WebPage": WEB_PAGE,
    "ProfilePage": WEB_PAGE,
    "FAQPage": WEB_PAGE,
    "WebSite": CREATIVE_WORK,
    "Question": CREATIVE_WORK | {"acceptedAnswer", "suggestedAnswer", "answerCount"},
    "Answer": CREATIVE_WORK,
    "ImageObject": CREATIVE_WORK | {"caption", "width", "height", "contentUrl"},
    "Person": THING | {"honorificPrefix", "honorificSuffix", "jobTitle", "worksFor", "knowsAbout", "affiliation"},
    "Organization": THING | {"logo", "slogan", "legalName", "address", "contactPoint"},
    "BreadcrumbList": THING | {"itemListElement", "numberOfItems", "itemListOrder"},
    "ListItem": THING | {"position", "item"},
}

# The types that schema.org expects a property's nodes to have.
NODES = {
    "author": {"Person", "Organization"},
    "publisher": {"Person", "Organization"},
    "mainEntityOfPage": {"WebPage", "ProfilePage", "FAQPage"},
    "isPartOf": {"WebPage", "WebSite", "Article"},
    "breadcrumb": {"BreadcrumbList"},
    "acceptedAnswer": {"Answer"},
    "itemListElement": {"ListItem"},
    "image": {"ImageObject"},
    "logo": {"ImageObject"},
}
MAIN_ENTITIES = {"FAQPage": {"Question"}, "ProfilePage": {"Person", "Organization"}}

ADDRESSES = {"url", "item", "sameAs"}
TIMES = {"datePublished", "dateModified", "dateCreated"}
COUNTS = {"wordCount", "position"}
DISTANCES = {"width", "height"}
DURATIONS = {"timeRequired"}

# Google Search Central: what makes a node of no use there. Articles have no required property at all; WebSite is from
# its page on site names, Organization and ImageObject from the one on logos.
REQUIRED = {
    "Article": {"headline"},
    "ProfilePage": {"mainEntity"},
    "FAQPage": {"mainEntity"},
    "Question": {"name", "acceptedAnswer"},
    "Answer": {"text"},
    "Person": {"name"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"name", "position"},
    "Organization": {"name", "url"},
    "WebSite": {"name", "url"},
    "ImageObject": {"url"},
    "WebPage": {"url"},
}

LEAST_STEPS = 2

# And what it recommends, for an entry of which everything is known.
RECOMMENDED = {
    "Article": {"author", "dateModified", "datePublished", "headline", "image"},
    "ProfilePage": {"dateCreated", "dateModified", "mainEntity"},
    "Person": {"name", "url", "image", "description", "sameAs"},
    "Organization": {"name", "url", "logo", "sameAs"},
}

BASE = "https://harbour-and-reed.example"
ADDRESS = f"{BASE}/blog/a-quiet-morning"
ENTRY = "0199c0de-0000-7000-8000-000000000001"
PUBLISHER = Publisher(
    name="Harbour & Reed",
    base_url=BASE,
    tagline="Books mended by hand",
    logo={"url": "/media/logo.png", "alt": "A reed across an open book", "width": 640, "height": 160},
    locales=("en", "de"),
    same_as=("https://www.instagram.com/harbour_and_reed/",),
)
PAGE = Page(
    id=ENTRY,
    url=ADDRESS,
    locale="en",
    published_at="2026-03-03T08:00:00.000Z",
    updated_at="2026-03-04T10:30:00.000Z",
    breadcrumbs=(
        {"label": "Harbour & Reed", "url": f"{BASE}/"},
        {"label": "Blog", "url": f"{BASE}/blog"},
        {"label": "A quiet morning", "url": ADDRESS},
    ),
)
ORLA = Person(
    id="0199c0de-0000-7000-8000-000000000002",
    name="Orla Wrenmoor",
    url=f"{BASE}/team/orla-wrenmoor",
    honorific_prefix="Dr",
    credentials="MA, ACR",
    job_title="Bookbinder",
    biography="Mends books at a bench by the harbour.",
    avatar={"url": f"{BASE}/media/orla.jpg", "alt": "Orla at her bench", "width": 400, "height": 400},
    website="https://orla-wrenmoor.example/",
    same_as=("https://www.linkedin.com/in/orla-wrenmoor/", "mailto:orla@harbour-and-reed.example"),
)
DRYING = Question(
    question="How long must the glue dry?", answer="<p>Overnight, under a weight.</p>\n", url=f"{BASE}/faq#drying"
)
ARTICLE = ArticleDetails(
    title="A quiet morning",
    subtitle="What happens before the door opens",
    summary="Paste, paper and a first cup of tea.",
    image={"url": "/media/bench.jpg", "alt": "A bench", "width": 1600, "height": 900},
    word_count=760,
    reading_time_minutes=4,
    tags=("Repair", "Paper"),
    authors=(ORLA,),
    questions=(DRYING,),
)

ORGANIZATION_NODE = {
    "@type": "Organization",
    "@id": f"{BASE}/#organization",
    "name": "Harbour & Reed",
    "url": f"{BASE}/",
    "slogan": "Books mended by hand",
    "logo": {
        "@type": "ImageObject",
        "url": f"{BASE}/media/logo.png",
        "width": "640 px",
        "height": "160 px",
        "caption": "A reed across an open book",
    },
    "sameAs": ["https://www.instagram.com/harbour_and_reed/"],
}
WEBSITE_NODE = {
    "@type": "WebSite",
    "@id": f"{BASE}/#website",
    "name": "Harbour & Reed",
    "url": f"{BASE}/",
    "description": "Books mended by hand",
    "inLanguage": ["en", "de"],
    "publisher": {"@id": f"{BASE}/#organization"},
}
PERSON_NODE = {
    "@type": "Person",
    "@id": f"{BASE}/team/orla-wrenmoor#person",
    "name": "Orla Wrenmoor",
    "honorificPrefix": "Dr",
    "honorificSuffix": "MA, ACR",
    "jobTitle": "Bookbinder",
    "description": "Mends books at a bench by the harbour.",
    "image": {
        "@type": "ImageObject",
        "url": f"{BASE}/media/orla.jpg",
        "width": "400 px",
        "height": "400 px",
        "caption": "Orla at her bench",
    },
    "url": f"{BASE}/team/orla-wrenmoor",
    "sameAs": ["https://www.linkedin.com/in/orla-wrenmoor/", "https://orla-wrenmoor.example/"],
}
QUESTION_NODE = {
    "@type": "Question",
    "name": "How long must the glue dry?",
    "url": f"{BASE}/faq#drying",
    "acceptedAnswer": {"@type": "Answer", "text": "<p>Overnight, under a weight.</p>\n"},
}
BREADCRUMBS_NODE = {
    "@type": "BreadcrumbList",
    "@id": f"{ADDRESS}#breadcrumb",
    "itemListElement": [
        {"@type": "ListItem", "position": 1, "name": "Harbour & Reed", "item": f"{BASE}/"},
        {"@type": "ListItem", "position": 2, "name": "Blog", "item": f"{BASE}/blog"},
        {"@type": "ListItem", "position": 3, "name": "A quiet morning", "item": ADDRESS},
    ],
}


def document(*nodes):
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def of_type(graph, type):
    return [node for node in graph["@graph"] if node["@type"] == type]


def test_an_article_of_which_everything_is_known():
    assert article_graph(PAGE, ARTICLE, PUBLISHER) == document(
        {
            "@type": "Article",
            "@id": f"{ADDRESS}#article",
            "headline": "A quiet morning",
            "alternativeHeadline": "What happens before the door opens",
            "description": "Paste, paper and a first cup of tea.",
            "url": ADDRESS,
            "mainEntityOfPage": {"@id": f"{ADDRESS}#webpage"},
            "isPartOf": {"@id": f"{BASE}/#website"},
            "image": {
                "@type": "ImageObject",
                "url": f"{BASE}/media/bench.jpg",
                "width": "1600 px",
                "height": "900 px",
                "caption": "A bench",
            },
            "datePublished": "2026-03-03T08:00:00.000Z",
            "dateModified": "2026-03-04T10:30:00.000Z",
            "inLanguage": "en",
            "author": [
                {
                    "@type": "Person",
                    "@id": f"{BASE}/team/orla-wrenmoor#person",
                    "name": "Orla Wrenmoor",
                    "url": f"{BASE}/team/orla-wrenmoor",
                }
            ],
            "publisher": {"@id": f"{BASE}/#organization"},
            "keywords": ["Repair", "Paper"],
            "articleSection": "Repair",
            "wordCount": 760,
            "timeRequired": "PT4M",
        },
        {
            "@type": "WebPage",
            "@id": f"{ADDRESS}#webpage",
            "name": "A quiet morning",
            "url": ADDRESS,
            "inLanguage": "en",
            "datePublished": "2026-03-03T08:00:00.000Z",
            "dateModified": "2026-03-04T10:30:00.000Z",
            "isPartOf": {"@id": f"{BASE}/#website"},
            "breadcrumb": {"@id": f"{ADDRESS}#breadcrumb"},
        },
        {
            "@type": "FAQPage",
            "@id": f"{ADDRESS}#faq",
            "url": ADDRESS,
            "inLanguage": "en",
            "isPartOf": {"@id": f"{ADDRESS}#webpage"},
            "mainEntity": [QUESTION_NODE],
        },
        PERSON_NODE,
        BREADCRUMBS_NODE,
        ORGANIZATION_NODE,
        WEBSITE_NODE,
    )


def test_an_article_of_which_hardly_anything_is_known_and_that_has_no_page():
    page = replace(PAGE, url=None, breadcrumbs=PAGE.breadcrumbs[:1], updated_at="2026-01-01T00:00:00.000Z")
    graph = article_graph(
        page, ArticleDetails(title="A quiet morning"), Publisher(name="Harbour & Reed", base_url=BASE)
    )
    assert graph == document(
        {
            "@type": "Article",
            "@id": f"urn:uuid:{ENTRY}#article",
            "headline": "A quiet morning",
            "isPartOf": {"@id": f"{BASE}/#website"},
            "datePublished": "2026-03-03T08:00:00.000Z",
            "dateModified": "2026-03-03T08:00:00.000Z",
            "inLanguage": "en",
            "publisher": {"@id": f"{BASE}/#organization"},
        },
        {"@type": "Organization", "@id": f"{BASE}/#organization", "name": "Harbour & Reed", "url": f"{BASE}/"},
        {
            "@type": "WebSite",
            "@id": f"{BASE}/#website",
            "name": "Harbour & Reed",
            "url": f"{BASE}/",
            "publisher": {"@id": f"{BASE}/#organization"},
        },
    )


def test_the_page_of_an_author():
    page = replace(PAGE, url=ORLA.url, breadcrumbs=())
    assert profile_graph(page, ORLA, PUBLISHER) == document(
        {
            "@type": "ProfilePage",
            "@id": f"{BASE}/team/orla-wrenmoor#profile",
            "url": f"{BASE}/team/orla-wrenmoor",
            "name": "Orla Wrenmoor",
            "dateCreated": "2026-03-03T08:00:00.000Z",
            "mainEntity": {"@id": f"{BASE}/team/orla-wrenmoor#person"},
            "inLanguage": "en",
            "dateModified": "2026-03-04T10:30:00.000Z",
            "isPartOf": {"@id": f"{BASE}/#website"},
        },
        PERSON_NODE,
        ORGANIZATION_NODE,
        WEBSITE_NODE,
    )


def test_a_question_that_is_a_part_of_its_page_has_parts_of_its_own():
    trail = ({"label": "Questions", "url": f"{BASE}/faq"}, {"label": DRYING.question, "url": None})
    page = replace(PAGE, url=DRYING.url, breadcrumbs=trail)
    assert question_graph(page, DRYING, PUBLISHER) == document(
        {
            "@type": "FAQPage",
            "@id": f"{BASE}/faq#drying/faq",
            "url": f"{BASE}/faq#drying",
            "name": "How long must the glue dry?",
            "mainEntity": [QUESTION_NODE],
            "inLanguage": "en",
            "datePublished": "2026-03-03T08:00:00.000Z",
            "dateModified": "2026-03-04T10:30:00.000Z",
            "isPartOf": {"@id": f"{BASE}/#website"},
            "breadcrumb": {"@id": f"{BASE}/faq#drying/breadcrumb"},
        },
        {
            "@type": "BreadcrumbList",
            "@id": f"{BASE}/faq#drying/breadcrumb",
            "itemListElement": [
                {"@type": "ListItem", "position": 1, "name": "Questions", "item": f"{BASE}/faq"},
                {"@type": "ListItem", "position": 2, "name": "How long must the glue dry?"},
            ],
        },
        ORGANIZATION_NODE,
        WEBSITE_NODE,
    )


def test_the_site_itself():
    assert site_graph(PUBLISHER) == document(ORGANIZATION_NODE, WEBSITE_NODE)


@pytest.mark.parametrize("base_url", [BASE, f"{BASE}/", f"{BASE}/shop", f"{BASE}/shop/"])
def test_the_site_is_named_by_its_address_with_or_without_a_slash(base_url):
    home = base_url.rstrip("/") + "/"
    nodes = site_graph(replace(PUBLISHER, base_url=base_url))["@graph"]
    assert [node["@id"] for node in nodes] == [f"{home}#organization", f"{home}#website"]
    assert [node["url"] for node in nodes] == [home, home]


def test_what_the_search_engines_recommend_is_there_when_it_is_known():
    nodes = article_graph(PAGE, ARTICLE, PUBLISHER)["@graph"] + profile_graph(PAGE, ORLA, PUBLISHER)["@graph"]
    for type, recommended in RECOMMENDED.items():
        found = [node for node in nodes if node["@type"] == type]
        assert found, type
        assert all(recommended <= set(node) for node in found), type


def test_the_questions_of_an_article_without_a_page_are_a_part_of_the_article():
    graph = article_graph(replace(PAGE, url=None), ARTICLE, PUBLISHER)
    page = of_type(graph, "FAQPage")[0]
    assert (page["@id"], page["isPartOf"]) == (f"urn:uuid:{ENTRY}#faq", {"@id": f"urn:uuid:{ENTRY}#article"})


def test_a_profile_is_named_once_and_a_page_of_ones_own_not_at_all():
    links = (*ORLA.same_as, str(ORLA.website), str(ORLA.url))
    person = of_type(profile_graph(PAGE, replace(ORLA, same_as=links), PUBLISHER), "Person")[0]
    assert person["sameAs"] == ["https://www.linkedin.com/in/orla-wrenmoor/", "https://orla-wrenmoor.example/"]


def test_an_author_without_a_page_is_known_by_the_website():
    graph = profile_graph(replace(PAGE, url=None), replace(ORLA, url=None), PUBLISHER)
    assert of_type(graph, "ProfilePage") == []
    person = of_type(graph, "Person")[0]
    assert person["@id"] == f"urn:uuid:{ORLA.id}#person"
    assert person["url"] == "https://orla-wrenmoor.example/"
    assert person["sameAs"] == ["https://www.linkedin.com/in/orla-wrenmoor/"]


def test_a_page_about_nobody_is_left_out_with_the_person():
    graph = profile_graph(PAGE, replace(ORLA, name=" "), PUBLISHER)
    assert [node["@type"] for node in graph["@graph"]] == ["BreadcrumbList", "Organization", "WebSite"]


def test_a_site_without_a_name_publishes_nothing():
    graph = article_graph(PAGE, ARTICLE, replace(PUBLISHER, name=""))
    assert of_type(graph, "Organization") == of_type(graph, "WebSite") == []
    assert not any({"publisher", "isPartOf"} & set(node) for node in of_type(graph, "Article"))


def test_an_answer_without_words_takes_its_question_with_it_and_the_last_one_the_list():
    mute = replace(DRYING, answer='<p><img src="/a.jpg" alt="A weight"></p>')
    both = of_type(article_graph(PAGE, replace(ARTICLE, questions=(mute, DRYING)), PUBLISHER), "FAQPage")
    assert both[0]["mainEntity"] == [QUESTION_NODE]
    assert of_type(article_graph(PAGE, replace(ARTICLE, questions=(mute,)), PUBLISHER), "FAQPage") == []
    assert of_type(question_graph(PAGE, mute, PUBLISHER), "FAQPage") == []


def test_a_person_who_signs_twice_is_one_person():
    graph = article_graph(PAGE, replace(ARTICLE, authors=(ORLA, ORLA)), PUBLISHER)
    assert of_type(graph, "Person") == [PERSON_NODE]


def test_the_later_time_is_found_whatever_the_offsets():
    page = replace(PAGE, published_at="2026-03-03T09:00:00+01:00", updated_at="2026-03-03T08:30:00Z")
    assert of_type(article_graph(page, ARTICLE, PUBLISHER), "Article")[0]["dateModified"] == "2026-03-03T08:30:00Z"


@pytest.mark.parametrize("url", ["mailto:a@b.example", "#part", "?a=b", "//elsewhere.example/a.jpg", "data:,", ""])
def test_a_picture_that_cannot_be_fetched_is_left_out(url):
    article = replace(ARTICLE, image={"url": url, "alt": "", "width": None, "height": None})
    assert "image" not in of_type(article_graph(PAGE, article, PUBLISHER), "Article")[0]


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "]]>",
    "a\u2028b\u2029c",
    'quote " and \\',
    "</SCRIPT >",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_serialised_data_stands_inside_a_script_and_says_the_same(text):
    graph = article_graph(PAGE, replace(ARTICLE, title=text, summary=text, tags=(text,)), PUBLISHER)
    safe = script_safe(orjson.dumps(graph))
    assert json.loads(safe) == graph
    assert not re.search("[<>\u2028\u2029]", safe.decode())


BLANK = st.sampled_from(["", " ", "\n\t"])
WORDS = st.one_of(BLANK, st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
MAYBE_WORDS = st.none() | WORDS
SLUGS = st.text("abcde", min_size=1, max_size=3)
URLS = st.builds("https://{}.example/{}{}".format, SLUGS, SLUGS, st.just("") | SLUGS.map("#{}".format))
LINKS = URLS | st.sampled_from(["/media/a.jpg", "mailto:orla@harbour-and-reed.example", "#here", "//x.example/a"])
MAYBE_URL = st.none() | URLS
SIZES = st.none() | st.integers(1, 50_000)
IMAGES = st.none() | st.fixed_dictionaries({"url": LINKS, "alt": WORDS, "width": SIZES, "height": SIZES})
UUIDS = st.uuids().map(str)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)).map(lambda each: each.isoformat("T", "milliseconds"))
TIMES_OF_PAGES = MOMENTS.map("{}Z".format)
STEPS = st.fixed_dictionaries({"label": WORDS, "url": MAYBE_URL})
PAGES = st.builds(
    Page,
    id=UUIDS,
    url=MAYBE_URL,
    locale=st.sampled_from(["en", "zh-Hant-TW"]),
    published_at=TIMES_OF_PAGES,
    updated_at=TIMES_OF_PAGES,
    breadcrumbs=st.lists(STEPS, max_size=4),
)
PEOPLE = st.builds(
    Person,
    id=UUIDS,
    name=WORDS,
    url=MAYBE_URL,
    honorific_prefix=MAYBE_WORDS,
    credentials=MAYBE_WORDS,
    job_title=MAYBE_WORDS,
    biography=MAYBE_WORDS,
    avatar=IMAGES,
    website=MAYBE_URL,
    same_as=st.lists(LINKS, max_size=3),
)
QUESTIONS = st.builds(Question, question=WORDS, answer=WORDS | WORDS.map("<p>{}</p>".format), url=MAYBE_URL)
ARTICLES = st.builds(
    ArticleDetails,
    title=WORDS,
    subtitle=MAYBE_WORDS,
    summary=MAYBE_WORDS,
    image=IMAGES,
    word_count=st.integers(0, 9_999),
    reading_time_minutes=st.integers(0, 99),
    tags=st.lists(WORDS, max_size=3),
    # Each with an id and an address of its own.
    authors=st.lists(PEOPLE, max_size=3, unique_by=(lambda each: each.id, lambda each: each.url or each.id)),
    questions=st.lists(QUESTIONS, max_size=3),
)
PUBLISHERS = st.builds(
    Publisher,
    name=WORDS,
    base_url=st.sampled_from([BASE, f"{BASE}/", "http://127.0.0.1:8000", f"{BASE}/shop"]),
    tagline=MAYBE_WORDS,
    logo=IMAGES,
    locales=st.lists(st.sampled_from(["en", "de"]), unique=True),
    same_as=st.lists(LINKS, max_size=3),
)
GRAPHS = st.one_of(
    st.builds(article_graph, PAGES, ARTICLES, PUBLISHERS),
    st.builds(profile_graph, PAGES, PEOPLE, PUBLISHERS),
    st.builds(question_graph, PAGES, QUESTIONS, PUBLISHERS),
    st.builds(site_graph, PUBLISHERS),
)


def faults(graph):
    """Everything that is wrong with a graph by the rules above, in words."""
    nodes = {node["@id"]: node for node in graph["@graph"]}
    found = [] if len(nodes) == len(graph["@graph"]) else ["two nodes share an @id"]
    found += [
        f"{id} is no absolute URI" for id in nodes if not re.match(r"(https?://[^/]+/|urn:uuid:[0-9a-f-]{36}#)", id)
    ]
    for node in nodes.values():
        found += node_faults(node, nodes)
    return found


def node_faults(node, nodes):
    type = node["@type"]
    names = {name for name in node if not name.startswith("@")}
    found = [f"{type}.{name} is unknown" for name in names - PROPERTIES[type]]
    found += [f"{type}.{name} is missing" for name in REQUIRED[type] - names]
    for name in names:
        values = node[name] if isinstance(node[name], list) else [node[name]]
        found += [f"{type}.{name} is empty"] * (not values)
        for value in values:
            if isinstance(value, dict):
                found += held_faults(type, name, value, nodes)
            else:
                found += [f"{type}.{name} is {value!r}"] * (not is_right(name, value))
    return found + (trail_faults(node["itemListElement"]) if "itemListElement" in names else [])


def held_faults(type, name, value, nodes):
    if "@id" in value:
        if value["@id"] not in nodes:
            return [f"{type}.{name} refers to nothing"]
        target = nodes[value["@id"]]
        differing = [each for each in value if value[each] != target.get(each)]
        found = [f"{type}.{name} repeats {each} otherwise" for each in differing]
    else:
        target, found = value, node_faults(value, nodes)
    expected = MAIN_ENTITIES[type] if name == "mainEntity" else NODES[name]
    return found + [f"{type}.{name} is a {target['@type']}"] * (target["@type"] not in expected)


def trail_faults(steps):
    found = ["a trail of one step"] * (len(steps) < LEAST_STEPS)
    found += ["positions do not count from 1"] * ([step["position"] for step in steps] != [*range(1, len(steps) + 1)])
    return found + ["a step before the last leads nowhere"] * (not all("item" in step for step in steps[:-1]))


def is_right(name, value):
    if name in COUNTS:
        return isinstance(value, int) and value > 0
    if not isinstance(value, str) or not value.strip():
        return False
    if name in ADDRESSES:
        return urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc)
    if name in TIMES:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value))
    if name in DISTANCES:
        return bool(re.fullmatch(r"[1-9]\d* px", value))
    return name not in DURATIONS or bool(re.fullmatch(r"PT[1-9]\d*M", value))


@given(GRAPHS)
def test_every_graph_keeps_the_rules(graph):
    assert graph["@context"] == "https://schema.org"
    assert faults(graph) == []


@given(GRAPHS)
def test_every_graph_can_stand_inside_a_script(graph):
    safe = script_safe(orjson.dumps(graph))
    assert orjson.loads(safe) == graph
    assert b"<" not in safe


@given(PAGES, ARTICLES, PUBLISHERS)
def test_nothing_complete_is_left_out(page, article, publisher):
    graph = article_graph(page, article, publisher)
    assert len(of_type(graph, "Article")) == bool(article.title.strip())
    assert len(of_type(graph, "WebSite")) == len(of_type(graph, "Organization")) == bool(publisher.name.strip())
    assert len(of_type(graph, "WebPage")) == bool(article.title.strip() and page.url)
    names = [each.name for each in article.authors if each.name.strip()]
    assert {node["name"] for node in of_type(graph, "Person")} == set(names)
    if article.title.strip():
        assert [each["name"] for each in of_type(graph, "Article")[0].get("author", [])] == names
    asked = [
        each.question
        for each in article.questions
        if each.question.strip() and re.sub("<[^>]*>", "", each.answer).strip()
    ]
    assert [each["name"] for page in of_type(graph, "FAQPage") for each in page["mainEntity"]] == asked


BROKEN = {
    "an unknown property": (("@graph", 0, "body"), "Text."),
    "a property of another type": (("@graph", 3, "headline"), "Text."),
    "a reference to nothing": (("@graph", 0, "publisher"), {"@id": f"{BASE}/#nobody"}),
    "a reference to the wrong type": (("@graph", 0, "publisher"), {"@id": f"{BASE}/#website"}),
    "an author by another name": (("@graph", 0, "author", 0, "name"), "Bram Tollivane"),
    "a date without a time zone": (("@graph", 0, "datePublished"), "2026-03-03T08:00:00"),
    "a relative address": (("@graph", 0, "url"), "/blog/a-quiet-morning"),
    "an empty text": (("@graph", 0, "description"), " "),
    "an empty list": (("@graph", 0, "author"), []),
    "a count in words": (("@graph", 0, "wordCount"), "760"),
    "a size without a unit": (("@graph", 0, "image", "width"), 1600),
    "a duration in words": (("@graph", 0, "timeRequired"), "4 minutes"),
    "a question without an answer": (("@graph", 2, "mainEntity", 0), {"@type": "Question", "name": "Why?"}),
    "an answer without a text": (("@graph", 2, "mainEntity", 0, "acceptedAnswer"), {"@type": "Answer"}),
    "positions from 0": (("@graph", 4, "itemListElement", 0, "position"), 0),
    "positions with a gap": (("@graph", 4, "itemListElement", 2, "position"), 4),
    "a step that leads nowhere": (
        ("@graph", 4, "itemListElement", 0),
        {"@type": "ListItem", "position": 1, "name": "A"},
    ),
    "two nodes of one name": (("@graph", 5, "@id"), f"{BASE}/#website"),
    "a name that is no address": (("@graph", 6, "@id"), "#website"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_rules_find(name):
    graph = json.loads(json.dumps(article_graph(PAGE, ARTICLE, PUBLISHER)))
    (*path, last), value = BROKEN[name]
    holder = graph
    for step in path:
        holder = holder[step]
    holder[last] = value
    assert faults(graph)
