"""Lists of drafts: the filters and sorts of delivery over what is written, live or not."""

from datetime import timedelta
from typing import Any

from cms import clock
from tests.service import Service

LOCALES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]


def document(service: Service, plural: str, **query: Any) -> Any:
    response = service.viewer.get(f"/api/v1/manage/{plural}", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def ids(service: Service, plural: str, **query: Any) -> set[str]:
    return {each["id"] for each in document(service, plural, **query)["data"]}


def code(service: Service, plural: str, **query: Any) -> str:
    response = service.viewer.get(f"/api/v1/manage/{plural}", query_string=query)
    assert response.status_code == 400
    found: str = response.get_json()["errors"][0]["code"]
    return found


def test_names_in_filters_are_ids_or_slugs_of_drafts(service: Service) -> None:
    assert service.admin.patch("/api/v1/manage/site", json={"locales": LOCALES}, if_match="*").status_code == 200
    editor = service.editor
    paper, thread = editor.create("tags", slug="paper")["id"], editor.create("tags", slug="thread")["id"]
    papier = editor.create("tags", slug="paper", locale="de")["id"]
    orla = editor.create("authors", slug="orla")["id"]
    faq, other = editor.create("faqs", tags=[paper])["id"], editor.create("faqs", tags=[papier])["id"]
    one = editor.create("articles", slug="one", tags=[paper], authors=[orla], faqs=[faq])["id"]
    two = editor.create_published("articles", slug="two", tags=[thread], faqs=[other, faq])["id"]
    assert ids(service, "articles", tag="paper") == ids(service, "articles", author="orla", tag=paper) == {one}
    assert ids(service, "articles", tag=["paper", "thread"]) == {one, two}
    assert ids(service, "articles", tag=["thread", "no-such-tag"]) == {two}
    assert ids(service, "articles", tag="no-such-tag") == ids(service, "articles", tag="thread", author="orla") == set()
    assert ids(service, "faqs", tag="paper") == {faq}
    assert ids(service, "faqs", article="one") == {faq}
    assert ids(service, "faqs", article=two) == {faq, other}
    assert ids(service, "faqs", article="two", tag=papier) == {other}
    editor.trash("articles", one)
    assert ids(service, "articles", tag="paper") == set()
    assert ids(service, "articles", tag="paper", trashed="true") == {one}


def test_times_are_those_that_are_written_and_of_the_last_save(service: Service) -> None:
    editor = service.editor
    march = editor.create("articles", published_at="2026-03-03T08:00:00Z")["id"]
    april = editor.create_published("articles", published_at="2026-04-04T08:00:00Z")["id"]
    undated = editor.create_published("articles")["id"]
    assert ids(service, "articles", published_at__gte="2026-04-01T00:00:00Z") == {april}
    assert ids(service, "articles", published_at__lt="2026-04-01T00:00:00Z") == {march}
    assert ids(service, "articles", published_at__ne="2026-03-03T09:00:00+01:00") == {april, undated}
    assert ids(service, "articles", published_at__exists="true") == {march, april}
    assert ids(service, "articles", published_at__exists="false") == {undated}
    saved = clock.to_wire(clock.now() + timedelta(hours=1))
    with clock.moved(timedelta(hours=2)):
        editor.change("articles", march, title="Saved later")
    assert ids(service, "articles", updated_at__gt=saved) == {march}
    assert ids(service, "articles", updated_at__lte=saved) == {april, undated}
    assert ids(service, "tags", updated_at__gt=saved) == set()
    editor.trash("articles", april)
    assert ids(service, "articles", published_at__exists="true", trashed="true") == {april}


def test_facets_owners_and_words_of_drafts(service: Service) -> None:
    editor = service.editor
    featured = editor.create("articles", title="Vellum morning", featured=True)["id"]
    plain = editor.create_published("articles", title="Paper evening")["id"]
    editor.change("articles", plain, title="Vellum evening")
    author = editor.create("authors")["id"]
    hers = editor.create("social-links", platform="github", handle="orla", author=author)["id"]
    own = editor.create("social-links", platform="mastodon", url="https://social.example/@workshop")["id"]
    assert ids(service, "articles", featured="true") == ids(service, "articles", q="vellum morning") == {featured}
    assert ids(service, "articles", featured="false") == ids(service, "articles", q="vellum -morning") == {plain}
    assert ids(service, "articles", q="vellum", status="draft") == {featured}
    assert ids(service, "articles", q="paper") == set()
    assert ids(service, "social-links", platform=["github", "x"]) == ids(service, "social-links", owner="author")
    assert ids(service, "social-links", owner="author") == {hers}
    assert ids(service, "social-links", owner="site") == {own}
    assert code(service, "articles", q="vellum", trashed="true") == "excluded"
    assert code(service, "social-links", q="vellum") == "unknown_parameter"


def test_words_are_found_in_every_language_that_is_listed(service: Service) -> None:
    assert service.admin.patch("/api/v1/manage/site", json={"locales": LOCALES}, if_match="*").status_code == 200
    english = service.editor.create("articles", title="Vellum", tags=[service.editor.create("tags", slug="a")["id"]])
    german = service.editor.create("articles", title="Vellum", locale="de", translation_of=english["id"])
    assert ids(service, "articles", q="vellum") == {english["id"], german["id"]}
    assert ids(service, "articles", q="vellum", locale="de") == {german["id"]}
    assert ids(service, "articles", q="vellum", tag="a") == {english["id"]}


def test_words_are_found_beside_a_tag_that_is_in_the_trash(service: Service) -> None:
    paper, thread = (service.editor.create("tags")["id"] for _ in range(2))
    one, two = (service.editor.create("articles", title="Vellum", tags=[each])["id"] for each in (paper, thread))
    service.editor.create("articles", title="Vellum")
    service.editor.create("articles", tags=[paper])
    service.editor.trash("tags", paper, force="true")
    assert ids(service, "articles", q="vellum", tag=paper) == {one}
    assert ids(service, "articles", q="vellum", tag=[paper, thread]) == {one, two}


def test_lists_are_walked_in_the_orders_of_delivery_undated_last(service: Service) -> None:
    editor = service.editor
    dates = {"beech": "2026-03-03T08:00:00Z", "ash": "2026-01-01T08:00:00Z", "oak": None, "elm": None, "fir": None}
    made = {name: editor.create("articles", title=name, published_at=date)["id"] for name, date in dates.items()}
    orders = {
        "-published_at": ["beech", "ash", "fir", "elm", "oak"],
        "published_at": ["ash", "beech", "oak", "elm", "fir"],
        "title": ["ash", "beech", "elm", "fir", "oak"],
        "-title": ["oak", "fir", "elm", "beech", "ash"],
    }
    for sort, order in orders.items():
        for limit in (1, 2, 5):
            walked, query = [], {"sort": sort, "limit": limit, "include_total": "true"}
            while True:
                page = document(service, "articles", **query)
                assert page["page"]["total"] == len(made)
                walked += [each["id"] for each in page["data"]]
                if page["page"]["next"] is None:
                    break
                query["cursor"] = page["page"]["next"]
            assert walked == [made[name] for name in order], (sort, limit)
    assert "total" not in document(service, "articles")["page"]
    assert document(service, "articles", tag="nobody", include_total="true")["page"]["total"] == 0
    positions = [editor.create("faqs", position=number)["id"] for number in (3, 1, 2)]
    listed = [each["id"] for each in document(service, "faqs", sort="-position")["data"]]
    assert listed == [positions[0], positions[2], positions[1]]
    editor.create("social-links", platform="github", handle="orla")
    assert document(service, "social-links", sort="platform")["data"][0]["platform"] == "github"
    assert code(service, "tags", sort="-article_count") == "unknown_value"
