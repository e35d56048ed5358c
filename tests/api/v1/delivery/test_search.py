"""The search over everything that is live, by HTTP, on both databases."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms import clock
from cms.api.http.pagination import CURSORS
from cms.content.editing.indexing import fill_index
from cms.content.published.moment import read_moment
from cms.content.published.searching import SearchQuery, candidates, referred_to, search_published
from cms.search import indexing
from cms.worker import announce_due
from tests.processes import rows
from tests.service import Service

HOUR = timedelta(hours=1)
LOCALES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}, {"code": "de-AT", "fallback": "de"}]
EMPTY_INDEX = [(0,)]


def in_hours(hours: float) -> str:
    return clock.to_wire(datetime.now(UTC) + hours * HOUR)


def answer(service: Service, q: str, **query: Any) -> Any:
    response = service.get("/api/v1/search", query_string={"q": q, **query})
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def titles(service: Service, q: str, **query: Any) -> list[str]:
    return [each["title"] for each in answer(service, q, **query)["data"]]


def everywhere(service: Service, word: str) -> list[str]:
    """What the answer tells of a word, in results or as a suggestion for two misspellings of it."""
    found = titles(service, word)
    hints = [answer(service, typed)["suggestion"] for typed in (word[:-1] + "xx", word[:2] + word[3:])]
    return found + [each for each in hints if each]


def index(service: Service) -> list[tuple[Any, ...]]:
    """All that the index holds, whatever the order it was put in."""
    url = service.services.settings.database_url
    return [
        *rows(
            url, "SELECT publication_id, type, locale, tokens, live_until FROM search_documents ORDER BY publication_id"
        ),
        *rows(url, "SELECT locale, word, stem, shape, magnitude, documents FROM search_words ORDER BY locale, word"),
    ]


def bilingual(service: Service) -> None:
    assert service.admin.patch("/api/v1/manage/site", json={"locales": LOCALES}, if_match="*").status_code == 200


# What is found.


def test_an_article_is_found_with_everything_a_page_of_results_shows(service: Service) -> None:
    entry = service.editor.create_published(
        "articles", title="A quiet morning", summary="Before the shop opens.", body="The bench is *quiet* at seven."
    )
    (found,) = answer(service, "quiet")["data"]
    assert found == {
        "id": entry["id"],
        "type": "article",
        "locale": "en",
        "slug": "a-quiet-morning",
        "url": "http://127.0.0.1:8000/blog/a-quiet-morning",
        "title": "A quiet morning",
        "summary": "Before the shop opens.",
        "published_at": found["published_at"],
        "score": 1.0,
        "snippets": {
            "title": "A <mark>quiet</mark> morning",
            "summary": None,
            "body": "The bench is <mark>quiet</mark> at seven.",
        },
    }


def test_articles_questions_and_authors_are_found_and_tags_and_links_are_not(service: Service) -> None:
    editor = service.editor
    editor.create_published("articles", title="Marbling at home")
    editor.create_published("faqs", question="What is marbling?", answer="Paint on water.")
    author = editor.create_published("authors", name="Orla Wrenmoor", job_title="Marbling teacher")
    editor.create_published("tags", name="Marbling")
    editor.create_published("social-links", platform="other", url="https://marbling.example/", author=author["id"])
    assert sorted(titles(service, "marbling")) == ["Marbling at home", "Orla Wrenmoor", "What is marbling?"]


def test_the_title_counts_more_than_the_summary_and_that_more_than_the_body(service: Service) -> None:
    editor = service.editor
    editor.create_published("articles", title="In the title: vellum", body="Nothing else.")
    editor.create_published("articles", title="In the body", body="Vellum, vellum, vellum, and vellum again.")
    editor.create_published("articles", title="In the summary", summary="About vellum.", body="Nothing else.")
    editor.create_published("articles", title="Elsewhere", body="Nothing at all.")
    found = answer(service, "vellum")["data"]
    assert [each["title"] for each in found] == ["In the title: vellum", "In the summary", "In the body"]
    scores = [each["score"] for each in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert 0 < scores[2] < scores[1] < 1


def test_of_equals_the_newest_comes_first(service: Service) -> None:
    for number in range(3):
        service.editor.create_published("articles", title=f"Thread {number}")
    assert titles(service, "thread") == ["Thread 2", "Thread 1", "Thread 0"]


def test_every_word_must_be_there_in_any_form(service: Service) -> None:
    service.editor.create_published("articles", title="Binding the cookbook", body="A flooded caf\u00e9.")
    service.editor.create_published("articles", title="Binding")
    assert titles(service, "bindings COOKBOOKS cafe floods") == ["Binding the cookbook"]
    assert sorted(titles(service, "bind")) == ["Binding", "Binding the cookbook"]


def test_a_phrase_stands_in_that_order_within_one_field(service: Service) -> None:
    service.editor.create_published("articles", title="Wheat paste")
    service.editor.create_published("articles", title="Paste of wheat", body="No wheat; paste it.")
    service.editor.create_published("articles", title="Ends in wheat", body="Paste begins this.")
    assert titles(service, '"wheat paste"') == ["Paste of wheat", "Wheat paste"] or titles(
        service, '"wheat paste"'
    ) == ["Wheat paste", "Paste of wheat"]
    assert len(titles(service, "wheat paste")) == 3


def test_a_word_with_a_minus_must_not_be_there(service: Service) -> None:
    service.editor.create_published("articles", title="Glue", body="Of bones.")
    service.editor.create_published("articles", title="Glue of wheat")
    assert titles(service, "glue -wheat") == ["Glue"]
    assert titles(service, 'glue -"of bones"') == ["Glue of wheat"]
    assert titles(service, "-wheat") == []


def test_scripts_without_spaces_are_searched_within_their_runs(service: Service) -> None:
    service.editor.create_published("articles", slug="book-making", title="\u7d19\u3067\u88fd\u672c\u3059\u308b")
    service.editor.create_published("articles", slug="other-book", title="\u672c\u3092\u88fd\u3059")
    assert titles(service, "\u88fd\u672c") == ["\u7d19\u3067\u88fd\u672c\u3059\u308b"]


def test_stemming_follows_the_locale(service: Service) -> None:
    bilingual(service)
    service.editor.create_published("articles", title="Zwei B\u00fccher", locale="de")
    service.editor.create_published("articles", title="Running stitches")
    assert titles(service, "Buch", locale="de") == ["Zwei B\u00fccher"]
    assert titles(service, "run stitch") == ["Running stitches"]
    assert titles(service, "Buch") == []


# What is marked.


def test_nothing_of_a_text_becomes_markup(service: Service) -> None:
    service.editor.create_published(
        "articles",
        title="<script>alert('book')</script>",
        summary='<img src=x onerror=alert(1)> book & "more"',
        body="Write `<script>book</script>` and <mark>this</mark> &amp; that.",
    )
    (found,) = answer(service, "book script")["data"]
    for snippet in found["snippets"].values():
        assert set(re.findall(r"<[^>]*>", snippet)) <= {"<mark>", "</mark>"}
        assert not re.search(r"&(?!(amp|lt|gt|quot|#x27);)", snippet)
    assert found["snippets"]["title"] == (
        "&lt;<mark>script</mark>&gt;alert(&#x27;<mark>book</mark>&#x27;)&lt;/<mark>script</mark>&gt;"
    )
    assert found["title"] == "<script>alert('book')</script>"


# What is live.


def test_nothing_of_a_draft_or_of_a_plan_is_told(service: Service) -> None:
    service.editor.create("articles", title="Draftword here")
    entry = service.editor.create("articles", title="Planword here")
    service.editor.publish("articles", entry, live_from=in_hours(1), live_until=in_hours(3))
    live = service.editor.create_published("articles", title="Liveword here")
    service.editor.change("articles", live, title="Changedword here")
    assert everywhere(service, "draftword") == []
    assert everywhere(service, "planword") == []
    assert everywhere(service, "changedword") == []
    assert everywhere(service, "liveword") == ["Liveword here", "liveword", "liveword"]
    with clock.moved(2 * HOUR):
        assert everywhere(service, "planword") == ["Planword here", "planword", "planword"]
    with clock.moved(4 * HOUR):
        assert everywhere(service, "planword") == []


def test_republishing_replaces(service: Service) -> None:
    entry = service.editor.create_published("articles", title="Firstword")
    service.editor.change("articles", entry, title="Secondword")
    service.editor.publish("articles", entry)
    assert everywhere(service, "firstword") == []
    assert titles(service, "secondword") == ["Secondword"]


def test_a_planned_change_takes_over_at_its_instant(service: Service) -> None:
    entry = service.editor.create_published("articles", title="Beforeword")
    service.editor.change("articles", entry, title="Afterword")
    service.editor.publish("articles", entry, live_from=in_hours(1))
    assert (titles(service, "beforeword"), titles(service, "afterword")) == (["Beforeword"], [])
    with clock.moved(2 * HOUR):
        assert (titles(service, "beforeword"), titles(service, "afterword")) == ([], ["Afterword"])


@pytest.mark.parametrize("how", ["unpublish", "trash", "purge"])
def test_what_is_taken_away_leaves_nothing_in_the_index(service: Service, how: str) -> None:
    before = index(service)
    entry = service.editor.create_published("articles", title="Goneword", body="Also a bodyword.")
    assert titles(service, "goneword") == ["Goneword"]
    if how == "unpublish":
        service.editor.unpublish("articles", entry)
    elif how == "trash":
        service.editor.trash("articles", entry)
    else:
        service.admin.trash("articles", entry, purge="true")
    assert everywhere(service, "goneword") == []
    assert index(service) == before == []


def test_a_plan_that_is_taken_back_leaves_nothing_in_the_index(service: Service) -> None:
    entry = service.editor.create("articles", title="Planword")
    service.editor.publish("articles", entry, live_from=in_hours(1))
    assert index(service) != []
    service.editor.unpublish("articles", entry)
    assert index(service) == []


def test_what_expires_leaves_the_index_with_the_worker_and_is_not_found_before(service: Service) -> None:
    entry = service.editor.create("articles", title="Shortword")
    service.editor.publish("articles", entry, live_until=in_hours(1))
    known = service.services
    with clock.moved(2 * HOUR):
        assert titles(service, "shortword") == []
        assert index(service) != []
        assert announce_due(known.database, known.types, known.settings.public_url)
        assert index(service) == []


def test_another_end_is_followed(service: Service) -> None:
    entry = service.editor.create("articles", title="Longword")
    service.editor.publish("articles", entry, live_until=in_hours(1))
    service.editor.publish("articles", entry, live_until=in_hours(5))
    with clock.moved(2 * HOUR):
        assert titles(service, "longword") == ["Longword"]
    with clock.moved(6 * HOUR):
        assert titles(service, "longword") == []


# Languages.


def test_a_fallback_is_found_only_where_no_better_translation_is_live(service: Service) -> None:
    bilingual(service)
    english = service.editor.create_published("articles", title="Vellum in English")
    service.editor.create_published("articles", title="Vellum only in English")
    german = service.editor.create_published(
        "articles", title="Vellum auf Deutsch", locale="de", translation_of=english["id"]
    )
    assert sorted(titles(service, "vellum")) == ["Vellum in English", "Vellum only in English"]
    for locale in ("de", "de-AT"):
        found = answer(service, "vellum", locale=locale)["data"]
        assert sorted(each["title"] for each in found) == ["Vellum auf Deutsch", "Vellum only in English"]
    service.editor.unpublish("articles", german)
    assert sorted(titles(service, "vellum", locale="de")) == ["Vellum in English", "Vellum only in English"]


def test_translations_keep_together_when_the_original_is_purged(service: Service) -> None:
    bilingual(service)
    editor = service.editor
    original = editor.create_published("articles", title="Vellum", locale="de-AT")
    german = editor.create_published("articles", title="Vellum deutsch", locale="de", translation_of=original["id"])
    english = editor.create_published("articles", title="Vellum", translation_of=original["id"])
    service.admin.trash("articles", original, purge="true")
    editor.change("articles", english, title="Vellum english")
    editor.publish("articles", english)
    assert titles(service, "vellum", locale="de-AT") == ["Vellum deutsch"]
    editor.unpublish("articles", german)
    assert titles(service, "vellum", locale="de-AT") == ["Vellum english"]


def test_a_locale_that_the_site_does_not_have_is_refused(service: Service) -> None:
    response = service.get("/api/v1/search?q=vellum&locale=fr")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["parameter"] == "locale"


# Filters.


def test_filters_narrow_by_type_tag_and_author(service: Service) -> None:
    editor = service.editor
    paper, thread = (editor.create_published("tags", name=name) for name in ("Paper", "Thread"))
    orla = editor.create_published("authors", name="Orla Wrenmoor", bio="Vellum.")
    editor.create_published("articles", title="Vellum one", tags=["paper"], authors=["orla-wrenmoor"])
    editor.create_published("articles", title="Vellum two", tags=["paper", "thread"])
    editor.create_published("faqs", question="Vellum three?", tags=["thread"])
    assert sorted(titles(service, "vellum", type="article")) == ["Vellum one", "Vellum two"]
    assert sorted(titles(service, "vellum", type=["faq", "author"])) == ["Orla Wrenmoor", "Vellum three?"]
    assert sorted(titles(service, "vellum", tag="paper")) == ["Vellum one", "Vellum two"]
    assert sorted(titles(service, "vellum", tag=thread["id"])) == ["Vellum three?", "Vellum two"]
    assert sorted(titles(service, "vellum", tag=["paper", "thread"])) == ["Vellum one", "Vellum three?", "Vellum two"]
    assert titles(service, "vellum", tag="paper", author=orla["id"]) == ["Vellum one"]
    assert titles(service, "vellum", tag="thread", author="orla-wrenmoor") == []
    assert titles(service, "vellum", tag="no-such-tag") == []
    assert titles(service, "vellum", tag=["no-such-tag", "thread"], type="faq") == ["Vellum three?"]
    assert titles(service, "vellum", author=paper["id"]) == []


# Spelling.


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("velum", "vellum"),
        ("vlelum", "vellum"),
        ("evllum", "vellum"),
        ("xvellum", "vellum"),
        ("bokbindder", "bookbinder"),
        ("Velum bookbinder", "vellum bookbinder"),
        ('"vellum bookbindr" -paper', '"vellum bookbinder" -paper'),
        ("xylophone", None),
        ("vel", None),
        ("vellum xylophone", None),
        ("!!!", None),
        ("12345", None),
    ],
)
def test_a_misspelt_query_gets_a_hint_that_finds_something(service: Service, typed: str, hint: str | None) -> None:
    service.editor.create_published("articles", title="Vellum bookbinder", body="12346 sheets.")
    document = answer(service, typed)
    assert (document["data"], document["suggestion"]) == ([], hint)
    if hint:
        assert titles(service, hint) == ["Vellum bookbinder"]


def test_there_is_no_hint_where_something_was_found(service: Service) -> None:
    service.editor.create_published("articles", title="Velum")
    service.editor.create_published("articles", title="Vellum")
    assert answer(service, "velum")["suggestion"] is None


def test_words_of_what_is_planned_are_unknown(service: Service) -> None:
    editor = service.editor
    editor.create_published("articles", title="Vellum")
    assert answer(service, "velluma")["suggestion"] == "vellum"
    editor.publish("articles", editor.create("articles", title="Velluma"), live_from=in_hours(1))
    assert answer(service, "velluma")["suggestion"] == "vellum"
    with clock.moved(2 * HOUR):
        assert titles(service, "velluma") == ["Velluma"]


# Pages.


def test_a_walk_meets_every_match_once_in_order(service: Service) -> None:
    for number in range(12):
        service.editor.create_published("articles", title=f"Vellum {number}", body="vellum " * (number % 4))
    whole = [each["id"] for each in answer(service, "vellum", limit=100)["data"]]
    walked, path = [], "/api/v1/search?q=vellum&limit=5"
    while path:
        document = service.get(path).get_json()
        walked += [each["id"] for each in document["data"]]
        following = document["links"]["next"]
        path = following and f"{urlsplit(following).path}?{urlsplit(following).query}"
    assert walked == whole
    assert len(set(walked)) == 12


def test_a_cursor_is_right_or_refused(service: Service) -> None:
    for number in range(3):
        service.editor.create_published("articles", title=f"Vellum {number}")
    cursor = answer(service, "vellum", limit=1)["page"]["next"]
    assert len(answer(service, "vellum", limit=1, cursor=cursor)["data"]) == 1
    for query in ({"q": "vellum -2"}, {"q": "vellum", "type": "article"}, {"q": "vellum", "locale": "en"}):
        assert service.get("/api/v1/search", query_string={**query, "cursor": cursor}).status_code == 400
    assert service.get("/api/v1/search?q=vellum&cursor=mine").status_code == 400


def test_a_walk_goes_on_whatever_is_published_planned_or_begins_meanwhile(service: Service) -> None:
    editor, known = service.editor, service.services
    for number in range(3):
        editor.create_published("articles", title=f"Vellum {number}")
    planned = editor.create("articles", title="Vellum planned")
    editor.publish("articles", planned, live_from=in_hours(1))
    for hours in (0, 2):
        with clock.moved(hours * HOUR):
            first, *rest = titles(service, "vellum")
            cursor = answer(service, "vellum", limit=1)["page"]["next"]
            editor.create_published("articles", title=f"Vellum written {hours}")
            editor.create_published("articles", body="Vellum, in passing.", title=f"Something else {hours}")
            announce_due(known.database, known.types, known.settings.public_url)
            following = [each["title"] for each in answer(service, "vellum", cursor=cursor)["data"]]
            assert [each for each in following if each in rest] == rest
            assert first not in following
            assert f"Vellum written {hours}" not in following


def test_a_cursor_tells_nothing_of_what_is_planned(service: Service) -> None:
    for number in range(2):
        service.editor.create_published("articles", title=f"Vellum {number}")
    planned = in_hours(1)
    service.editor.publish("articles", service.editor.create("articles"), live_from=planned)
    cursor = answer(service, "vellum", limit=1)["page"]["next"]
    held = str(service.app.extensions[CURSORS].loads(cursor))
    assert "plain" in held
    assert planned not in held


# Caps.


def look(service: Service, **query: Any) -> list[str]:
    known = service.services
    with known.database.snapshot() as connection:
        moment = read_moment(connection, known.settings.public_url)
        asked = SearchQuery("vellum", ["en"], **query)
        found = search_published(connection, known.types, asked, moment.perspective).found
        assert len(candidates(connection, asked, moment.perspective)) == len(found)
    return [each.title for each in found]


def test_only_the_newest_matches_are_ranked(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        service.editor.create_published("articles", title=f"Vellum {number}", body="" if number else "Vellum.")
    assert sorted(look(service)) == [f"Vellum {number}" for number in range(6)]
    assert look(service, most=4, most_hot=2) == ["Vellum 5", "Vellum 4", "Vellum 3", "Vellum 2"]
    monkeypatch.setattr("cms.search.searching.HOT_DOCUMENTS", 5)
    assert look(service, most=4, most_hot=2) == ["Vellum 5", "Vellum 4"]
    assert look(service, most=4, most_hot=2, types=["article"]) == ["Vellum 5", "Vellum 4"]


def test_a_walk_back_finds_what_the_index_finds(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        service.editor.create_published("articles", title=f"Vellum {number}")
    service.editor.create_published("faqs", question="Paper?")
    by_index = look(service)
    monkeypatch.setattr("cms.search.searching.HOT_DOCUMENTS", 1)
    assert look(service) == by_index
    monkeypatch.setattr("cms.search.searching.BACKWARD_SCAN_DEPTH", 3)
    assert look(service) == ["Vellum 5", "Vellum 4"]
    assert look(service, types=["article"]) == ["Vellum 5", "Vellum 4"]


def test_a_walk_back_through_a_type_finds_what_the_index_finds(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = service.editor.create_published("tags", name="Paper")
    for number in range(5):
        service.editor.create_published("articles", title=f"Vellum {number}", tags=[tag["id"]])
    for number in range(3):
        service.editor.create_published("faqs", question=f"Vellum {number}?", tags=[tag["id"]])
    service.editor.create_published("authors", name="Vellum")
    of_types = {"types": ["faq", "author"], "most": 2, "most_hot": 4}
    of_tag = {"references": {referred_to("tag", "tag"): ["paper"]}, "most": 2, "most_hot": 4}
    newest = [["Vellum", "Vellum 2?", "Vellum 1?", "Vellum 0?"], ["Vellum 2?", "Vellum 1?", "Vellum 0?", "Vellum 4"]]
    asked = (of_types, of_tag)
    assert [sorted(look(service, **each)) for each in asked] == [sorted(each[:2]) for each in newest]
    monkeypatch.setattr("cms.search.searching.HOT_DOCUMENTS", 1)
    assert [sorted(look(service, **each)) for each in asked] == [sorted(each) for each in newest]
    monkeypatch.setattr("cms.search.searching.BACKWARD_SCAN_DEPTH", 3)
    assert "Vellum 4" not in look(service, **of_tag)


def test_matches_are_ranked_by_where_the_words_stand(service: Service) -> None:
    editor = service.editor
    editor.create_published("articles", title="Both: vellum and thread", body="Nothing else.")
    editor.create_published("articles", title="One: vellum", body="Of thread.")
    editor.create_published("articles", title="In the summary", summary="Vellum, thread.")
    editor.create_published("articles", title="In the body", body="Vellum, thread.")
    editor.create_published("articles", title="Vellum alone")
    order = ["Both: vellum and thread", "One: vellum", "In the summary", "In the body"]
    assert titles(service, "vellum thread") == titles(service, "vellum thread", type="article") == order
    walked: list[str] = []
    cursor = None
    for _ in order:
        document = answer(service, "vellum thread -alone", limit=1, **({"cursor": cursor} if cursor else {}))
        walked += [each["title"] for each in document["data"]]
        cursor = document["page"]["next"]
    assert (walked, cursor) == (order, None)


def test_candidates_are_the_live_publications_of_a_type_newest_first(service: Service) -> None:
    tag = service.editor.create_published("tags", name="Paper")
    made = [service.editor.create_published("articles", title=f"Vellum {n}", tags=[tag["id"]] * n) for n in (0, 1)]
    service.editor.create_published("faqs", question="Vellum?")
    url = service.services.settings.database_url
    publications = {str(entry): str(each) for each, entry in rows(url, "SELECT id, entry_id FROM publications")}
    known = service.services
    with known.database.snapshot() as connection:
        perspective = read_moment(connection, known.settings.public_url).perspective
        tagged = referred_to("tag", "tag")
        for references, expected in (
            ({}, [made[1], made[0]]),
            ({tagged: ["paper"]}, [made[1]]),
            ({tagged: ["no"]}, []),
        ):
            asked = SearchQuery("vellum", ["en"], types=["article"], references=references)
            assert candidates(connection, asked, perspective) == [publications[each["id"]] for each in expected]
        assert candidates(connection, SearchQuery("-vellum", ["en"], types=["article"]), perspective) == []


# Whatever is asked.


@pytest.mark.parametrize(
    "q",
    [
        "vellum AND", "NEAR(vellum paper, 2)", "title:vellum", "^vellum", "vellum*", '"', '""', "'", "\\", "vellum\\",
        "a'b", "!vellum", "vellum & !", "vellum:*", "<->", "vellum <2> paper", "(((", "{}", "%", "%s %(x)s", ":match",
        "=article", "scope : article", "\u202e", "\u200b", "\U0001f4da", "\ud7ff", "\ufdfa", "\u0301", "x" * 100,
        "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x",
        "-", "--", '-"', "- -", "\u00a0vellum\u00a0", "1 OR 1=1", "'; DROP TABLE search_documents; --",
    ],
)  # fmt: skip
def test_anything_may_be_asked(service: Service, q: str) -> None:
    service.editor.create_published("articles", title="Vellum")
    assert answer(service, q)["page"]["next"] is None
    assert titles(service, "vellum") == ["Vellum"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("q=", "too_short"),
        ("q=" + "x" * 101, "too_long"),
        ("q=%00", "invalid_character"),
        ("q=a&q=b", "repeated"),
        ("q=a&type=tag", "unknown_value"),
        ("q=a&limit=0", "out_of_range"),
        ("q=a&sort=title", "unknown_parameter"),
        ("q=a&tag=No+slug", "invalid_format"),
    ],
)
def test_a_request_that_is_none_is_refused(service: Service, query: str, code: str) -> None:
    response = service.get(f"/api/v1/search?{query}")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["code"] == code


@pytest.mark.exhaustive
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(q=st.text(min_size=1, max_size=100))
def test_no_query_fails(service: Service, q: str) -> None:
    response = service.get("/api/v1/search", query_string={"q": q})
    assert response.status_code in (200, 400), q


# What it costs, and how it is kept.


def test_the_number_of_statements_is_constant(service: Service) -> None:
    tag = service.editor.create_published("tags", name="Paper")
    counted = []
    for number in range(8):
        service.editor.create_published("articles", title=f"Vellum {number}", tags=[tag["id"]])
        with service.counting() as usage:
            titles(service, "vellum", tag="paper")
        counted.append(usage.statements)
    assert counted == [5] * 8
    with service.counting() as usage:
        answer(service, "velum papre bookz")
    assert usage.statements <= 14


def test_the_answer_may_be_kept_and_is_named_by_what_is_in_it(service: Service) -> None:
    entry = service.editor.create_published("articles", title="Vellum")
    response = service.get("/api/v1/search?q=vellum&type=article")
    assert response.headers["Cache-Control"].startswith("public, max-age=")
    assert response.headers["Cache-Tag"] == f"all,article,article:{entry['id']}"
    assert response.headers["Content-Language"] == "en"
    again = service.get("/api/v1/search?q=vellum&type=article", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_an_index_that_is_made_anew_is_the_same(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags", name="Paper")
    entry = editor.create_published("articles", title="First words", body="Some *body* of words.", tags=[tag["id"]])
    editor.change("articles", entry, title="Second words")
    editor.publish("articles", entry)
    planned = editor.create("articles", title="Planned words")
    editor.publish("articles", planned, live_from=in_hours(1), live_until=in_hours(2))
    editor.unpublish("articles", editor.create_published("articles", title="Gone words"))
    editor.create_published("faqs", question="Which words?", answer="These words.")
    editor.create_published("authors", name="Orla Wrenmoor", job_title="Wordsmith", bio="Words.")
    before, found = index(service), answer(service, "words")
    assert len(titles(service, "words")) == 3
    known = service.services
    public_url = known.settings.public_url
    assert fill_index(known.database, known.types, public_url) == 0
    assert fill_index(known.database, known.types, public_url, anew=True) == 5
    assert index(service) == before
    assert answer(service, "words") == found


def test_what_is_put_into_the_index_later_is_a_change_of_the_content(service: Service) -> None:
    known = service.services
    service.editor.create_published("articles", title="Second words")
    with known.database.transaction() as session:
        indexing.clear(session)
    counters = "SELECT change, content FROM content_version"
    ((change, _),) = rows(known.settings.database_url, counters)
    assert titles(service, "words") == []
    assert fill_index(known.database, known.types, known.settings.public_url) == 1
    assert rows(known.settings.database_url, counters) == [(change + 1, change + 1)]
    logged = "SELECT action, type FROM events ORDER BY change DESC, position DESC LIMIT 1"
    assert rows(known.settings.database_url, logged) == [("reindexed", "search")]
    assert titles(service, "words") == ["Second words"]
    assert fill_index(known.database, known.types, known.settings.public_url) == 0
    assert rows(known.settings.database_url, counters) == [(change + 1, change + 1)]
    assert fill_index(known.database, known.types, known.settings.public_url, anew=True) == 1
    assert rows(known.settings.database_url, counters) == [(change + 2, change + 2)]
