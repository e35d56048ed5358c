"""The page whole: one GET gives a frontend an article with everything that stands on its page."""

from typing import Any

import pytest

from tests.service import Service

SOCIAL = {"linkedin": "orla-wrenmoor", "instagram": "orla.wrenmoor", "youtube": "@orlawrenmoor"}
INCLUDES = "authors,authors.social_links,tags,faqs,related,adjacent,translations,seo"
BODY = """## First, the paste

It has to be **warm** and smooth.

### The three steps

1. Sift the flour.
2. Stir it into cold water.
3. Warm it slowly.
"""
COMMON = {"id", "type", "locale", "slug", "version", "url", "published_at", "updated_at", "extra"}
DECLARED = {
    "articles": COMMON
    | {"title", "subtitle", "summary", "body", "toc", "reading_time_minutes", "word_count", "featured", "authors"}
    | {"tags", "faqs", "related", "hero_image", "calls_to_action", "breadcrumbs", "translations"},
    "faqs": COMMON | {"question", "answer", "tags", "position"},
    "authors": COMMON
    | {"name", "honorific_prefix", "credentials", "job_title", "bio", "avatar", "website", "social_links"}
    | {"article_count"},
    "social-links": COMMON | {"platform", "handle", "label", "icon", "rel", "position", "owner"},
    "tags": COMMON | {"name", "description", "article_count"},
}


def two_languages(service: Service) -> None:
    site = {
        "name": "Harbour & Reed",
        "base_url": "https://harbour-and-reed.example",
        "locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
    }
    response = service.admin.patch("/api/v1/manage/site", json=site, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)


def the_page(service: Service) -> dict[str, Any]:
    """Publish an article with all that belongs to it; the ids by name, lists in order."""
    two_languages(service)
    editor = service.editor
    author = editor.create_published(
        "authors",
        name="Orla Wrenmoor",
        credentials="MA, ACR",
        bio="Mends books at a bench by the **harbour**.",
        avatar={"url": "https://harbour-and-reed.example/orla.jpg", "alt": "Orla at her bench."},
    )
    # Made in another order than they stand in.
    links = {
        platform: editor.create_published(
            "social-links", platform=platform, handle=SOCIAL[platform], author=author["id"], position=position
        )["id"]
        for platform, position in (("youtube", 3), ("linkedin", 1), ("instagram", 2))
    }
    faqs = [
        editor.create_published("faqs", question=f"Question {letter}?", answer=f"Answer **{letter}**.", position=9 - n)
        for n, letter in enumerate("CAB")
    ]
    tags = [editor.create_published("tags", name=name) for name in ("Repair", "Paper")]
    related = [editor.create_published("articles", title=f"Related {n}", body="Kept apart.") for n in (2, 1)]
    before = editor.create_published("articles", title="The day before", published_at="2020-03-02T08:00:00Z")
    after = editor.create_published("articles", title="The day after", published_at="2020-03-04T08:00:00Z")
    article = editor.create_published(
        "articles",
        title="A quiet morning at the bench",
        subtitle="What happens before the door opens",
        body=BODY,
        published_at="2020-03-03T09:00:00+01:00",
        featured=True,
        authors=[author["id"]],
        tags=[each["id"] for each in tags],
        faqs=[each["id"] for each in faqs],
        related=[each["id"] for each in related],
        hero_image={"url": "https://harbour-and-reed.example/bench.jpg", "alt": "A bench.", "width": 4, "height": 3},
        calls_to_action=[{"label": "Book a first visit", "url": "/visit", "style": "primary"}],
        seo={"title": "A bookbinder's morning"},
        extra={"widget": {"kind": "map"}},
    )
    german = editor.create_published(
        "articles", title="Ein stiller Morgen", locale="de", translation_of=article["id"], body="## Der Kleister"
    )
    return {
        "article": article["id"],
        "german": german["id"],
        "author": author["id"],
        "links": [links[name] for name in SOCIAL],
        "faqs": [each["id"] for each in faqs],
        "tags": [each["id"] for each in tags],
        "related": [each["id"] for each in related],
        "before": before["id"],
        "after": after["id"],
    }


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in entries]


def test_one_get_gives_the_page_whole(service: Service) -> None:
    page = the_page(service)
    response = service.get(f"/api/v1/articles/a-quiet-morning-at-the-bench?include={INCLUDES}")
    assert response.status_code == 200
    article = response.get_json()["data"]
    assert article["id"] == page["article"]
    assert (article["type"], article["locale"]) == ("article", "en")
    assert article["url"] == "https://harbour-and-reed.example/blog/a-quiet-morning-at-the-bench"
    assert article["subtitle"] == "What happens before the door opens"
    assert article["published_at"] == "2020-03-03T08:00:00.000Z"
    assert article["featured"] is True
    assert article["reading_time_minutes"] == 1
    assert [(each["level"], each["text"]) for each in article["toc"]] == [
        (2, "First, the paste"),
        (3, "The three steps"),
    ]
    assert all(f'id="{each["id"]}"' in article["body"]["html"] for each in article["toc"])
    assert "<strong>warm</strong>" in article["body"]["html"]
    assert article["calls_to_action"] == [{"label": "Book a first visit", "url": "/visit", "style": "primary"}]
    assert article["hero_image"]["alt"] == "A bench."
    assert article["extra"] == {"widget": {"kind": "map"}}
    assert article["summary"].startswith("First, the paste") or article["summary"].startswith("It has to be warm")

    (author,) = article["authors"]
    assert (author["id"], author["credentials"], author["article_count"]) == (page["author"], "MA, ACR", 1)
    assert "<strong>harbour</strong>" in author["bio"]["html"]
    assert [each["platform"] for each in author["social_links"]] == list(SOCIAL)
    assert ids(author["social_links"]) == page["links"]
    assert all(each["owner"] == {"type": "author", "id": page["author"]} for each in author["social_links"])
    assert all(set(each["icon"]) == {"simple_icons", "font_awesome", "lucide"} for each in author["social_links"])

    assert ids(article["faqs"]) == page["faqs"]
    assert [each["answer"]["html"].strip() for each in article["faqs"]] == [
        f"<p>Answer <strong>{letter}</strong>.</p>" for letter in "CAB"
    ]
    assert ids(article["tags"]) == page["tags"]
    assert [each["article_count"] for each in article["tags"]] == [1, 1]
    assert ids(article["related"]) == page["related"]
    assert article["adjacent"]["previous"]["id"] == page["before"]
    assert article["adjacent"]["next"]["id"] == page["after"]
    assert ids(article["translations"]) == [page["german"]]
    assert article["breadcrumbs"][-1]["label"] == "A quiet morning at the bench"
    assert article["breadcrumbs"][1]["url"] == "https://harbour-and-reed.example/blog"


def test_the_search_head_has_every_fallback_applied(service: Service) -> None:
    the_page(service)
    head = service.get("/api/v1/articles/a-quiet-morning-at-the-bench?include=seo").get_json()["data"]["seo"]
    address = "https://harbour-and-reed.example/blog/a-quiet-morning-at-the-bench"
    assert head["title"] == "A bookbinder's morning | Harbour & Reed"
    assert head["canonical_url"] == address
    assert "noindex" not in head["robots"]
    assert head["description"]
    assert head["open_graph"]["authors"] == ["Orla Wrenmoor"]
    assert head["open_graph"]["image"]["url"] == "https://harbour-and-reed.example/bench.jpg"
    assert head["alternates"] == [
        {"hreflang": "de", "href": "https://harbour-and-reed.example/blog/ein-stiller-morgen"},
        {"hreflang": "en", "href": address},
        {"hreflang": "x-default", "href": address},
    ]


def test_without_include_relations_are_short(service: Service) -> None:
    page = the_page(service)
    article = service.get(f"/api/v1/articles/{page['article']}").get_json()["data"]
    (author,) = article["authors"]
    assert set(author) == {"id", "slug", "name", "credentials", "avatar", "url"}
    assert ids(article["tags"]) == page["tags"]
    assert article["faqs"] == page["faqs"]
    assert article["related"] == page["related"]
    assert article["translations"] == [
        {
            "locale": "de",
            "slug": "ein-stiller-morgen",
            "url": "https://harbour-and-reed.example/blog/ein-stiller-morgen",
        }
    ]


@pytest.mark.parametrize("plural", DECLARED)
def test_every_declared_field_of_an_empty_entry_is_present(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    item = service.get(f"/api/v1/{plural}/{entry['id']}").get_json()["data"]
    assert set(item) == DECLARED[plural]
    (listed,) = service.get(f"/api/v1/{plural}").get_json()["data"]
    assert set(listed) == DECLARED[plural] - ({"body"} if plural == "articles" else set())
    assert listed == {name: item[name] for name in listed}


def test_what_is_empty_is_null_or_an_empty_list(service: Service) -> None:
    article = service.editor.create_published("articles", title="Bare")
    page = service.get(f"/api/v1/articles/{article['id']}?include={INCLUDES}").get_json()["data"]
    assert set(page) == DECLARED["articles"] | {"adjacent", "seo"}
    lists = ("toc", "authors", "tags", "faqs", "related", "calls_to_action", "translations")
    assert {name: page[name] for name in lists} == {name: [] for name in lists}
    assert (page["subtitle"], page["body"], page["hero_image"], page["summary"]) == (None, None, None, "")
    assert page["adjacent"] == {"previous": None, "next": None}
    assert page["seo"]["alternates"] == []
    assert (page["word_count"], page["reading_time_minutes"], page["extra"]) == (0, 0, {})
    author = service.editor.create_published("authors")
    person = service.get(f"/api/v1/authors/{author['id']}?include=articles").get_json()["data"]
    assert (person["bio"], person["avatar"], person["social_links"], person["articles"]) == (None, None, [], [])


def test_a_list_leaves_the_body_out_unless_fields_names_it(service: Service) -> None:
    the_page(service)
    everything = service.get(f"/api/v1/articles?include={INCLUDES.replace('adjacent,', '')}").get_json()["data"]
    assert len(everything) == 5
    assert all("body" not in each for each in everything)
    assert all("body" not in related for each in everything for related in each["related"])
    named = service.get("/api/v1/articles?fields=title,body").get_json()["data"]
    assert all(set(each) == {"id", "title", "body"} for each in named)
    (quiet,) = [each for each in named if each["title"] == "A quiet morning at the bench"]
    assert "<strong>warm</strong>" in quiet["body"]["html"]


def test_an_entry_that_is_listed_and_embedded_at_once_is_the_same_in_both_places(service: Service) -> None:
    page = the_page(service)
    author = page["author"]
    service.editor.change("articles", page["related"][0], authors=[author], tags=page["tags"], faqs=page["faqs"])
    service.editor.publish("articles", page["related"][0])
    alone = service.get(f"/api/v1/articles/{page['related'][0]}?exclude=body").get_json()["data"]
    listed = service.get("/api/v1/articles?include=related").get_json()["data"]
    (embedding,) = [each for each in listed if each["id"] == page["article"]]
    (itself,) = [each for each in listed if each["id"] == page["related"][0]]
    assert ids(itself["authors"]) == [author]
    assert itself == alone
    assert ids(embedding["related"]) == page["related"]
    assert embedding["related"][0] == alone
