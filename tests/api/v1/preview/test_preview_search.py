"""The search of the preview space: over drafts, over the past, and over what is planned."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cms import clock
from cms.content.editing import preview
from cms.content.editing.indexing import fill_index
from cms.worker import announce_due
from tests.processes import rows
from tests.service import Service

HOUR = timedelta(hours=1)
LOCALES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
INDEXES = (
    "SELECT publication_id, type, locale, translation_group, tokens FROM draft_search_documents ORDER BY 1",
    "SELECT locale, word, stem, shape, magnitude, documents FROM draft_search_words ORDER BY 1, 2",
    "SELECT publication_id, locale, live_from, live_until, tokens FROM past_search_documents ORDER BY 1",
)


def in_hours(hours: float) -> str:
    return clock.to_wire(datetime.now(UTC) + hours * HOUR)


def answer(service: Service, q: str, **query: Any) -> Any:
    response = service.viewer.get("/api/v1/preview/search", query_string={"q": q, **query})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "private, no-store"
    return response.get_json()


def titles(service: Service, q: str, **query: Any) -> list[str]:
    return [each["title"] for each in answer(service, q, **query)["data"]]


def listed(service: Service, plural: str, **query: Any) -> list[str]:
    response = service.viewer.get(f"/api/v1/preview/{plural}", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return [each["id"] for each in response.get_json()["data"]]


def delivered(service: Service, word: str) -> Any:
    """What anyone is told of a word, as a result or as a spelling."""
    found, hint = (service.get(f"/api/v1/search?q={each}").get_json() for each in (word, f"{word[:2]}{word[3:]}"))
    return [each["title"] for each in found["data"]], found["suggestion"], hint["suggestion"]


def indexes(service: Service) -> list[Any]:
    return [rows(service.services.settings.database_url, each) for each in INDEXES]


def end_what_is_over(service: Service) -> None:
    known = service.services
    assert announce_due(known.database, known.types, known.settings.public_url)


# Drafts.


def test_a_draft_is_found_in_preview_by_its_last_words_and_in_delivery_by_none(service: Service) -> None:
    editor = service.editor
    draft = editor.create("articles", title="A quiet vellum morning", body="The bench is *quiet* at seven.")
    live = editor.create_published("articles", title="Liveword")
    editor.change("articles", live, title="Draughtword")
    assert titles(service, "quiet vellum") == ["A quiet vellum morning"]
    assert (titles(service, "liveword"), titles(service, "draughtword")) == ([], ["Draughtword"])
    assert answer(service, "draughtwrod")["suggestion"] == "draughtword"
    for word in ("vellum", "draughtword"):
        assert delivered(service, word) == ([], None, None)
    assert delivered(service, "liveword")[0] == ["Liveword"]

    (found,) = answer(service, "quiet")["data"]
    editor.publish("articles", draft)
    (public,) = service.get("/api/v1/search?q=quiet").get_json()["data"]
    assert found | {"published_at": public["published_at"]} == public
    assert found["snippets"]["body"] == "The bench is <mark>quiet</mark> at seven."
    assert titles(service, "liveword", perspective="published") == ["Liveword"]


def test_the_search_of_drafts_is_narrowed_as_that_of_delivery(service: Service) -> None:
    assert service.admin.patch("/api/v1/manage/site", json={"locales": LOCALES}, if_match="*").status_code == 200
    editor = service.editor
    tag, orla = editor.create("tags", name="Paper"), editor.create("authors", name="Orla Wrenmoor", bio="Vellum.")
    english = editor.create("articles", title="Vellum one", tags=[tag["id"]], authors=[orla["id"]])
    editor.create("articles", title="Vellum zwei", locale="de", translation_of=english["id"])
    editor.create("faqs", question="Vellum three?", tags=["paper"])
    assert sorted(titles(service, "vellum")) == ["Orla Wrenmoor", "Vellum one", "Vellum three?"]
    assert sorted(titles(service, "vellum", locale="de")) == ["Orla Wrenmoor", "Vellum three?", "Vellum zwei"]
    assert sorted(titles(service, "vellum", type=["faq", "author"])) == ["Orla Wrenmoor", "Vellum three?"]
    assert sorted(titles(service, "vellum", tag="paper")) == ["Vellum one", "Vellum three?"]
    assert titles(service, "vellum", tag=tag["id"], author="orla-wrenmoor") == ["Vellum one"]
    assert titles(service, "vellum", tag="no-such-tag") == []
    assert listed(service, "articles", q="vellum") == [english["id"]]
    assert listed(service, "articles", q="vellum -one") == []
    assert listed(service, "authors", q="vellum") == [orla["id"]]
    assert listed(service, "tags", q="paper") == [tag["id"]]


def test_the_trash_is_not_found_and_what_is_erased_leaves_nothing(service: Service) -> None:
    empty = indexes(service)
    editor = service.editor
    entry = editor.create("articles", title="Goneword", body="Also a bodyword.")
    editor.change("articles", entry, body="Another bodyword.")
    written = indexes(service)
    assert written != empty
    editor.trash("articles", entry)
    assert titles(service, "goneword") == []
    assert indexes(service) == empty
    assert editor.post(f"/api/v1/manage/articles/{entry['id']}/undelete").status_code == 200
    assert titles(service, "goneword bodyword") == ["Goneword"]
    assert indexes(service) == written
    editor.publish("articles", entry)
    editor.unpublish("articles", entry)
    assert indexes(service)[2] != []
    service.admin.trash("articles", entry, purge="true")
    assert indexes(service) == empty == [[], [], []]


def test_a_walk_through_drafts_goes_on_whatever_is_written_meanwhile(service: Service) -> None:
    made = {service.editor.create("articles", title=f"Vellum {number}")["id"] for number in range(5)}
    path, walked = "/api/v1/preview/search?q=vellum&limit=2", []
    while path:
        document = service.viewer.get(path).get_json()
        walked += [each["id"] for each in document["data"]]
        following = document["links"]["next"]
        path = following and f"{urlsplit(following).path}?{urlsplit(following).query}"
    assert (len(walked), set(walked)) == (5, made)
    cursor = answer(service, "vellum", limit=1)["page"]["next"]
    service.editor.create("articles", title="Vellum again")
    assert [each["id"] for each in answer(service, "vellum", cursor=cursor)["data"]] == walked[1:]


# Other moments.


def test_a_moment_is_searched_as_it_was_and_as_it_is_planned(service: Service) -> None:
    editor = service.editor
    entry = editor.create_published("articles", title="Firstword of vellum")
    first = clock.to_wire(clock.now())
    editor.change("articles", entry, title="Secondword of vellum")
    with clock.moved(HOUR):
        editor.publish("articles", entry)
    short = editor.create("articles", title="Shortword of vellum")
    editor.publish("articles", short, live_from=in_hours(3), live_until=in_hours(4))
    expected = {first: ["Firstword"], in_hours(1.5): ["Secondword"], in_hours(3.5): ["Secondword", "Shortword"]}
    for hours in (2, 5):
        with clock.moved(hours * HOUR):
            for instant, words in expected.items():
                found = titles(service, "vellum", at=instant)
                assert sorted(each.split()[0] for each in found) == words, (hours, instant)
                assert len(listed(service, "articles", at=instant, q="vellum")) == len(words)
            assert titles(service, "shortword", at=in_hours(4)) == []
            assert titles(service, "firstword") == titles(service, "firstword", perspective="published") == []
            assert service.get("/api/v1/search?q=firstword").get_json()["data"] == []
            if hours == 5:
                end_what_is_over(service)
                assert len(indexes(service)[2]) == 2
                assert sorted(titles(service, "vellum", at=in_hours(3.5)))[1] == "Shortword of vellum"
                assert service.get("/api/v1/search?q=shortword").get_json()["data"] == []


def test_a_walk_of_the_past_meets_what_is_over_and_what_is_not_once(service: Service) -> None:
    editor = service.editor
    made = [editor.create_published("articles", title=f"Vellum {number}") for number in range(6)]
    instant = clock.to_wire(clock.now())
    with clock.moved(HOUR):
        for each in made[::2]:
            editor.unpublish("articles", each)
        whole = [each["id"] for each in answer(service, "vellum", at=instant)["data"]]
        assert sorted(whole) == sorted(each["id"] for each in made)
        walked: list[str] = []
        cursor = None
        while cursor or not walked:
            document = answer(service, "vellum", at=instant, limit=1, **({"cursor": cursor} if cursor else {}))
            walked += [each["id"] for each in document["data"]]
            cursor = document["page"]["next"]
        assert walked == whole


def test_a_better_translation_that_is_over_hides_its_original_in_the_past_only(service: Service) -> None:
    assert service.admin.patch("/api/v1/manage/site", json={"locales": LOCALES}, if_match="*").status_code == 200
    english = service.editor.create_published("articles", title="Vellum english")
    german = service.editor.create_published(
        "articles", title="Vellum deutsch", locale="de", translation_of=english["id"]
    )
    instant = clock.to_wire(clock.now())
    with clock.moved(HOUR):
        service.editor.unpublish("articles", german)
        assert titles(service, "vellum", locale="de", at=instant) == ["Vellum deutsch"]
        assert titles(service, "vellum", locale="de", perspective="published") == ["Vellum english"]


# The indexes.


def test_indexes_that_are_made_anew_are_the_same(service: Service) -> None:
    editor, known = service.editor, service.services
    tag = editor.create_published("tags", name="Paper")
    entry = editor.create_published("articles", title="First words", body="Some *body* of words.", tags=[tag["id"]])
    editor.change("articles", entry, title="Second words")
    editor.publish("articles", entry)
    editor.change("articles", entry, title="Third words")
    editor.unpublish("faqs", editor.create_published("faqs", question="Which words?"))
    editor.trash("articles", editor.create("articles", title="Trashed words"))
    before = indexes(service)
    assert [len(each) for each in (before[0], before[2])] == [3, 2]
    assert preview.fill_draft_index(known.database, known.types) == 0
    assert preview.fill_draft_index(known.database, known.types, anew=True) == 3
    assert fill_index(known.database, known.types, known.settings.public_url, anew=True) == 2
    assert indexes(service) == before
    assert titles(service, "words third") == ["Third words"]
