"""The preview space: the resources of delivery, seen as drafts or as of any moment, by those who may."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from cms import clock
from tests.service import Caller, Service

HOUR = timedelta(hours=1)
LANGUAGES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]


def seen(caller: Caller, path: str) -> Any:
    """What a preview shows."""
    response = caller.get(f"/api/v1/preview/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()["data"]


def ids(caller: Caller, path: str) -> list[str]:
    return [each["id"] for each in seen(caller, path)]


def test_a_draft_shows_what_was_saved_last_and_delivery_what_is_live(service: Service) -> None:
    editor = service.editor
    article = editor.create_published("articles", title="As it is live", slug="a-page", body="Live text.")
    editor.change("articles", article, title="As it is written", body="New **text**.")
    draft = seen(service.viewer, "articles/a-page?include=seo,jsonld&formats=html,text")
    live = service.get("/api/v1/articles/a-page?include=seo,jsonld&formats=html,text").get_json()["data"]
    assert (draft["title"], draft["body"]["text"], draft["version"]) == ("As it is written", "New text.", 2)
    assert draft["body"]["html"] == "<p>New <strong>text</strong>.</p>\n"
    assert draft["seo"]["title"].startswith("As it is written")
    assert draft["published_at"] == live["published_at"]
    assert (live["title"], live["version"]) == ("As it is live", 1)
    assert list(draft) == list(live)


def test_what_has_never_been_live_is_there_by_slug_and_by_id_and_in_lists(service: Service) -> None:
    draft = service.editor.create("articles", slug="not-yet")
    assert seen(service.viewer, "articles/not-yet")["id"] == draft["id"]
    shown = seen(service.viewer, f"articles/{draft['id']}")
    assert (shown["slug"], shown["published_at"]) == ("not-yet", draft["updated_at"])
    assert ids(service.viewer, "articles") == [draft["id"]]
    assert service.get("/api/v1/articles/not-yet").status_code == 404
    assert service.get("/api/v1/articles").get_json()["data"] == []


def test_a_draft_embeds_drafts_with_their_newest_content(service: Service) -> None:
    editor = service.editor
    author = editor.create("authors", name="Orla Wrenmoor")
    tag = editor.create_published("tags", name="Repair")
    editor.change("tags", tag, name="Mending")
    profile = editor.create("social-links", platform="github", handle="orla-w", author=author["id"])
    article = editor.create("articles", authors=[author["id"]], tags=[tag["id"]])
    shown = seen(service.viewer, f"articles/{article['id']}?include=authors.social_links")
    assert [each["name"] for each in shown["authors"]] == ["Orla Wrenmoor"]
    assert [each["id"] for each in shown["authors"][0]["social_links"]] == [profile["id"]]
    assert shown["authors"][0]["article_count"] == 1
    assert [each["name"] for each in shown["tags"]] == ["Mending"]
    assert ids(service.viewer, f"articles?tag={tag['slug']}&author={author['slug']}") == [article["id"]]
    assert [each["article_count"] for each in seen(service.viewer, "tags?sort=-article_count")] == [1]
    assert seen(service.viewer, f"authors/{author['id']}?include=articles")["articles"][0]["id"] == article["id"]


def test_a_reference_that_a_save_takes_away_is_gone_from_preview(service: Service) -> None:
    editor = service.editor
    tag = editor.create("tags")
    article = editor.create("articles", tags=[tag["id"]])
    assert ids(service.viewer, f"articles?tag={tag['id']}") == [article["id"]]
    editor.change("articles", article, tags=[])
    assert ids(service.viewer, f"articles?tag={tag['id']}") == []


def test_restoring_a_revision_shows_it(service: Service) -> None:
    editor = service.editor
    article = editor.create("articles", title="First")
    editor.change("articles", article, title="Second")
    assert seen(service.viewer, f"articles/{article['id']}")["title"] == "Second"
    path = f"/api/v1/manage/articles/{article['id']}/restore"
    response = editor.post(path, json={"revision": 1}, headers={"If-Match": "*"})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert seen(service.viewer, f"articles/{article['id']}")["title"] == "First"


def test_the_trash_hides_a_draft_and_undelete_shows_it_again(service: Service) -> None:
    editor = service.editor
    tag = editor.create("tags", name="Repair")
    article = editor.create("articles", tags=[tag["id"]])
    editor.trash("tags", tag, force="true")
    assert service.viewer.get(f"/api/v1/preview/tags/{tag['id']}").status_code == 404
    assert ids(service.viewer, "tags") == []
    assert seen(service.viewer, f"articles/{article['id']}")["tags"] == []
    assert editor.post(f"/api/v1/manage/tags/{tag['id']}/undelete").status_code == 200
    assert ids(service.viewer, "tags") == [tag["id"]]
    assert [each["name"] for each in seen(service.viewer, f"articles/{article['id']}")["tags"]] == ["Repair"]


def test_erasing_leaves_nothing_and_no_entry_takes_the_same_id(service: Service) -> None:
    editor = service.editor
    tag = editor.create("tags", name="Repair")
    article = editor.create("articles", tags=[tag["id"]])
    editor.trash("tags", tag, force="true", purge="true")
    assert service.viewer.get(f"/api/v1/preview/tags/{tag['id']}").status_code == 404
    path = f"/api/v1/manage/tags/{tag['id']}"
    assert editor.put(path, json={"name": "Another"}, headers={"If-None-Match": "*"}).status_code == 409
    assert seen(service.viewer, f"articles/{article['id']}")["tags"] == []
    assert editor.read("articles", article)["tags"] == []


def test_drafts_are_listed_in_every_order_and_walked_by_cursor(service: Service) -> None:
    editor = service.editor
    dates = ("2026-03-03T08:00:00Z", "2026-01-01T08:00:00Z", "2026-02-02T08:00:00Z")
    made = [
        editor.create("articles", title=title, published_at=date, featured=title == "Beech")
        for title, date in zip(("Beech", "Ash", "Cedar"), dates, strict=True)
    ]
    beech, ash, cedar = (each["id"] for each in made)
    assert ids(service.viewer, "articles") == [beech, cedar, ash]
    assert ids(service.viewer, "articles?sort=published_at") == [ash, cedar, beech]
    assert ids(service.viewer, "articles?sort=title") == [ash, beech, cedar]
    assert ids(service.viewer, "articles?featured=true") == [beech]
    assert ids(service.viewer, "articles?published_at__gt=2026-02-01T00:00:00Z&sort=title") == [beech, cedar]
    editor.change("articles", ash, title="Zelkova")
    assert ids(service.viewer, "articles?sort=-updated_at") == [ash, cedar, beech]
    walked, query = [], "articles?limit=1&sort=title&include_total=true"
    while query:
        document = service.viewer.get(f"/api/v1/preview/{query}").get_json()
        walked += [each["id"] for each in document["data"]]
        assert document["page"]["total"] == 3
        cursor = document["page"]["next"]
        query = f"articles?limit=1&sort=title&include_total=true&cursor={cursor}" if cursor else ""
    assert walked == [beech, cedar, ash]


def test_a_cursor_belongs_to_its_space_and_its_perspective(service: Service) -> None:
    for _ in range(2):
        service.editor.create_published("articles")
    cursor = service.viewer.get("/api/v1/preview/articles?limit=1").get_json()["page"]["next"]
    assert service.viewer.get(f"/api/v1/preview/articles?cursor={cursor}").status_code == 200
    assert service.viewer.get(f"/api/v1/preview/articles?perspective=published&cursor={cursor}").status_code == 400
    assert service.get(f"/api/v1/articles?cursor={cursor}").status_code == 400
    public = service.get("/api/v1/articles?limit=1").get_json()["page"]["next"]
    assert service.viewer.get(f"/api/v1/preview/articles?cursor={public}").status_code == 400


def test_what_is_planned_is_seen_at_its_time_with_all_that_it_embeds(service: Service) -> None:
    editor, start = service.editor, clock.now() + 24 * HOUR
    author = editor.create("authors", name="Orla Wrenmoor")
    article = editor.create("articles", slug="to-come", authors=[author["id"]])
    for plural, entry in (("authors", author), ("articles", article)):
        editor.publish(plural, entry, live_from=clock.to_wire(start), live_until=clock.to_wire(start + HOUR))
    before, then, after = (clock.to_wire(start + each) for each in (-HOUR / 3600, HOUR / 2, HOUR))
    assert ids(service.viewer, f"articles?at={then}") == [article["id"]]
    assert seen(service.viewer, f"articles/to-come?at={then}")["authors"][0]["name"] == "Orla Wrenmoor"
    assert seen(service.viewer, f"authors/{author['id']}?at={then}")["article_count"] == 1
    for instant in (before, after):
        assert ids(service.viewer, f"articles?at={instant}") == []
        assert service.viewer.get(f"/api/v1/preview/articles/to-come?at={instant}").status_code == 404
    assert ids(service.viewer, "articles?perspective=published") == []


def test_the_past_is_seen_as_it_was_after_a_change_and_after_the_end(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags", name="Repair")
    article = editor.create_published("articles", title="First", slug="first", tags=[tag["id"]])
    first = clock.to_wire(clock.now() + timedelta(seconds=1))
    with clock.moved(HOUR):
        editor.change("articles", article, title="Second", slug="second")
        editor.publish("articles", article)
        editor.change("tags", tag, name="Mending")
        editor.publish("tags", tag)
    second = clock.to_wire(clock.now() + HOUR + timedelta(seconds=1))
    with clock.moved(2 * HOUR):
        editor.unpublish("articles", article)
        then = seen(service.viewer, f"articles/first?at={first}&include=tags")
        assert (then["title"], then["tags"][0]["name"]) == ("First", "Repair")
        assert [each["title"] for each in seen(service.viewer, f"articles?at={second}&tag={tag['id']}")] == ["Second"]
        assert ids(service.viewer, "articles?perspective=published") == []
        assert seen(service.viewer, f"articles/{article['id']}")["title"] == "Second"


def test_the_first_date_follows_publication_and_its_withdrawal(service: Service) -> None:
    editor = service.editor
    article = editor.create("articles")
    start = clock.to_wire(clock.now() + HOUR)
    editor.publish("articles", article, live_from=start)
    shown = seen(service.viewer, f"articles/{article['id']}")
    assert shown["published_at"] == start
    assert ids(service.viewer, f"articles?published_at__gte={start}") == [article["id"]]
    editor.unpublish("articles", article)
    assert seen(service.viewer, f"articles/{article['id']}")["published_at"] == article["updated_at"]
    dated = editor.create_published("articles", published_at="2026-02-02T08:00:00Z")
    assert seen(service.viewer, f"articles/{dated['id']}")["published_at"] == "2026-02-02T08:00:00.000Z"


def test_drafts_keep_their_languages(service: Service) -> None:
    service.admin.patch("/api/v1/manage/site", json={"locales": LANGUAGES}, if_match="*")
    editor = service.editor
    original = editor.create("articles", slug="morning")
    other = editor.create("articles")
    german = editor.create("articles", locale="de", translation_of=original["id"], slug="morgen")
    assert set(ids(service.viewer, "articles?locale=de")) == {german["id"], other["id"]}
    assert set(ids(service.viewer, "articles")) == {original["id"], other["id"]}
    response = service.viewer.get(f"/api/v1/preview/articles/{original['id']}?locale=de")
    assert (response.headers["Content-Language"], response.get_json()["data"]["id"]) == ("de", german["id"])
    assert [each["slug"] for each in seen(service.viewer, "articles/morning")["translations"]] == ["morgen"]
    editor.trash("articles", original, force="true", purge="true")
    assert seen(service.viewer, "articles/morgen?locale=de")["translations"] == []


def test_the_slug_that_is_live_leads_to_that_of_the_draft(service: Service) -> None:
    article = service.editor.create_published("articles", slug="old-name")
    service.editor.change("articles", article, slug="new-name")
    response = service.viewer.get("/api/v1/preview/articles/old-name?fields=title")
    assert response.status_code == 308
    assert response.headers["Location"] == "/api/v1/preview/articles/new-name?fields=title"
    assert response.get_json()["moved_to"]["slug"] == "new-name"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert service.get("/api/v1/articles/old-name").status_code == 200


def test_a_draft_comes_as_markdown_and_as_linked_data(service: Service) -> None:
    article = service.editor.create("articles", title="A draft", body="Some *text*.")
    path = f"/api/v1/preview/articles/{article['id']}"
    markdown = service.viewer.get(path, headers={"Accept": "text/markdown"})
    assert markdown.content_type == "text/markdown; charset=utf-8"
    assert "Some *text*." in markdown.get_data(as_text=True)
    linked = service.viewer.get(path, headers={"Accept": "application/ld+json"})
    assert linked.content_type == "application/ld+json"
    assert linked.get_json(force=True)["@graph"]
    assert {each.headers["Cache-Control"] for each in (markdown, linked)} == {"private, no-store"}


def test_social_links_of_the_site_and_of_authors_are_told_apart(service: Service) -> None:
    author = service.editor.create("authors")
    own = service.editor.create("social-links", platform="github", handle="workshop")
    hers = service.editor.create(
        "social-links", platform="mastodon", url="https://social.example/@orla", author=author["id"]
    )
    assert ids(service.viewer, "social-links?owner=site") == [own["id"]]
    assert ids(service.viewer, "social-links?owner=author") == [hers["id"]]
    assert ids(service.viewer, f"social-links?author={author['slug']}") == [hers["id"]]
    assert ids(service.viewer, "social-links?platform=github") == [own["id"]]
    assert seen(service.viewer, f"social-links/{hers['id']}")["owner"] == {"type": "author", "id": author["id"]}


PATHS = ("articles", "articles/a-page", "articles/no-such-page", "articles?nonsense=1", "articles?at=yesterday")


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_of_preview_may_be_kept(service: Service, path: str) -> None:
    service.editor.create_published("articles", slug="a-page")
    for caller in (service, service.viewer, service.with_key("site:write")):
        headers = caller.get(f"/api/v1/preview/{path}").headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["Vary"] == "Authorization"
        kept = {"ETag", "CDN-Cache-Control", "Surrogate-Control", "Cache-Tag", "Surrogate-Key", "Cache-Groups", "Age"}
        assert kept & set(headers.keys()) == set()


def test_preview_needs_a_key_with_its_scope(service: Service) -> None:
    article = service.editor.create("articles", slug="a-page")
    for path in ("articles", "articles/a-page", f"articles/{article['id']}", "articles/no-such-page"):
        anonymous = service.get(f"/api/v1/preview/{path}")
        assert anonymous.status_code == 401
        assert anonymous.headers["WWW-Authenticate"] == 'Bearer realm="cms"'
        assert service.with_key("site:write").get(f"/api/v1/preview/{path}").status_code == 403


def test_a_draft_has_no_moments(service: Service) -> None:
    response = service.viewer.get("/api/v1/preview/articles?perspective=draft&at=2026-01-01T00:00:00Z")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["parameter"] == "perspective"
    assert service.viewer.get("/api/v1/preview/articles?perspective=live").status_code == 400


def test_saving_a_draft_moves_no_cache(service: Service) -> None:
    service.editor.create_published("articles", slug="a-page")
    before = service.get("/api/v1/articles")
    draft = service.editor.create("articles")
    service.editor.change("articles", draft, title="Another")
    after = service.get("/api/v1/articles")
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
    with service.services.database.snapshot() as connection:
        content = connection.exec_driver_sql("SELECT content FROM content_version").scalar_one()
    service.editor.trash("articles", draft)
    with service.services.database.snapshot() as connection:
        assert connection.exec_driver_sql("SELECT content FROM content_version").scalar_one() == content


@pytest.fixture
def statements(service: Service) -> Iterator[list[str]]:
    """The text of every statement that is run."""
    texts: list[str] = []

    def note(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        texts.append(statement)

    engine = service.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield texts
    event.remove(engine, "before_cursor_execute", note)


QUERIES = (
    "articles?include=authors.social_links,tags,faqs,related,translations,seo,jsonld&include_total=true",
    "articles/a-page?include=authors.social_links,tags,faqs,related,adjacent,translations,seo,jsonld",
    "articles/no-such-page",
    "articles?tag=repair&author=orla&featured=false&locale=de&sort=title",
    "faqs?article=a-page",
    "authors?include=social_links,articles",
    "tags?sort=-article_count",
    "social-links?owner=site",
    "articles?q=page&tag=repair",
    "search?q=page&author=orla",
    "search?q=paeg",
)


WORKING = re.compile(r"\b(draft_\w+|entries|links|articles|tags|authors|faqs)\b")
PUBLISHED = re.compile(r"\b(publications|publication_links|link_counts|search_documents|search_words|search_index)\b")


def test_delivery_names_no_draft_and_drafts_name_no_publication(service: Service, statements: list[str]) -> None:
    service.admin.patch("/api/v1/manage/site", json={"locales": LANGUAGES}, if_match="*")
    tag = service.editor.create_published("tags", slug="repair")
    author = service.editor.create_published("authors", slug="orla")
    service.editor.create_published("articles", slug="a-page", tags=[tag["id"]], authors=[author["id"]])
    key = service.viewer
    for query in QUERIES:
        statements.clear()
        assert service.get(f"/api/v1/{query}").status_code in (200, 404)
        assert [each for each in statements if PUBLISHED.search(each)]
        assert [each for each in statements if WORKING.search(each)] == []
    for query in QUERIES:
        statements.clear()
        assert key.get(f"/api/v1/preview/{query}").status_code in (200, 404)
        shown = [each for each in statements if WORKING.search(each)]
        assert shown
        # Slugs of the past lead to what is now the draft's.
        mixed = [each for each in shown if PUBLISHED.search(each)]
        assert len(mixed) == (query == "articles/no-such-page")


def test_preview_takes_as_few_statements_as_delivery(service: Service) -> None:
    tag = service.editor.create_published("tags", slug="repair")
    for number in range(12):
        service.editor.create_published("articles", slug=f"page-{number}", tags=[tag["id"]])
    caller = service.viewer
    caller.get("/api/v1/preview/articles")
    for query in ("articles?include=tags,seo&limit=12", "articles?include=tags,seo&limit=1", "articles/page-1"):
        with service.counting() as public:
            service.get(f"/api/v1/{query}")
        with service.counting() as private:
            caller.get(f"/api/v1/preview/{query}")
        # The key takes one of its own.
        assert private.statements == public.statements + 1, query
