"""References between entries: by id or slug, in order, and every fault with its place; and what warns."""

import uuid
from typing import Any

import pytest

from tests.service import Service, written

# The referring type, its field, and the type it names.
FIELDS = [
    ("articles", "authors", "authors"),
    ("articles", "tags", "tags"),
    ("articles", "faqs", "faqs"),
    ("articles", "related", "articles"),
    ("faqs", "tags", "tags"),
]
EACH = pytest.mark.parametrize(("plural", "field", "target"), FIELDS)


def faults(service: Service, plural: str, **fields: Any) -> set[tuple[str, str]]:
    response = service.author.post(f"/api/v1/manage/{plural}", json=written(plural, **fields))
    assert response.status_code == 422, response.get_data(as_text=True)
    return {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}


@EACH
def test_ids_and_slugs_name_entries_and_their_order_is_kept(
    service: Service, plural: str, field: str, target: str
) -> None:
    first, second, third = (service.author.create(target, slug=slug) for slug in ("zz", "aa", "mm"))
    entry = service.author.create(plural, **{field: ["mm", first["id"], "aa"]})
    assert entry[field] == [third["id"], first["id"], second["id"]]
    entry = service.author.change(plural, entry, **{field: ["zz", "aa"]})
    assert entry[field] == [first["id"], second["id"]]
    entry = service.author.change(plural, entry, **{field: ["aa", "zz"]})
    assert entry[field] == [second["id"], first["id"]]
    assert entry["version"] == 3
    assert service.author.change(plural, entry, **{field: None})[field] == []


@EACH
def test_a_reference_to_nothing_is_a_fault_at_its_place(service: Service, plural: str, field: str, target: str) -> None:
    known = service.author.create(target)["id"]
    names = [known, "no-such-entry", str(uuid.uuid4())]
    assert faults(service, plural, **{field: names}) == {
        (f"#/{field}/1", "unknown_reference"),
        (f"#/{field}/2", "unknown_reference"),
    }


@EACH
def test_an_entry_of_another_type_is_a_fault_that_names_the_type(
    service: Service, plural: str, field: str, target: str
) -> None:
    other = service.author.create("authors" if target == "tags" else "tags", slug="other")
    names = ["other", other["id"], "no-such-entry"]
    response = service.author.post(f"/api/v1/manage/{plural}", json=written(plural, **{field: names}))
    assert response.status_code == 422
    errors = response.get_json()["errors"]
    assert [(each["pointer"], each["code"]) for each in errors] == [
        (f"#/{field}/0", "wrong_type"),
        (f"#/{field}/1", "wrong_type"),
        (f"#/{field}/2", "unknown_reference"),
    ]
    assert all(f"of the type {other['type']}." in each["detail"] for each in errors[:2])


@EACH
def test_naming_an_entry_twice_is_a_fault_even_by_id_and_by_slug(
    service: Service, plural: str, field: str, target: str
) -> None:
    known = service.author.create(target, slug="known")["id"]
    for names in ([known, "known"], ["known", known], [known, known]):
        assert faults(service, plural, **{field: names}) == {(f"#/{field}/1", "duplicate")}


def test_an_article_is_not_related_to_itself(service: Service) -> None:
    entry = service.author.create("articles", slug="mine")
    for name in (entry["id"], "mine"):
        response = service.author.patch(
            f"/api/v1/manage/articles/{entry['id']}", json={"related": [name]}, if_match=entry["etag"]
        )
        assert response.status_code == 422
        (fault,) = response.get_json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("#/related/0", "self_reference")


@EACH
def test_what_is_no_name_at_all_is_a_fault_at_its_place(service: Service, plural: str, field: str, target: str) -> None:
    assert faults(service, plural, **{field: ["", "A b", 7, None, ["x"]]}) == {
        (f"#/{field}/0", "too_short"),
        (f"#/{field}/1", "invalid_format"),
        (f"#/{field}/2", "invalid_type"),
        (f"#/{field}/3", "null"),
        (f"#/{field}/4", "invalid_type"),
    }
    assert faults(service, plural, **{field: "one"}) == {(f"#/{field}", "invalid_type")}
    assert faults(service, plural, **{field: ["x"] * 51}) == {(f"#/{field}", "too_many")}


def test_faults_of_all_references_of_the_locale_and_the_original_come_at_once(service: Service) -> None:
    found = faults(
        service,
        "articles",
        locale="fr",
        translation_of=str(uuid.uuid4()),
        authors=["nobody"],
        tags=["nothing"],
        faqs=["none"],
        related=["nowhere"],
    )
    assert found == {
        ("#/locale", "unknown_locale"),
        ("#/translation_of", "unknown_reference"),
        ("#/authors/0", "unknown_reference"),
        ("#/tags/0", "unknown_reference"),
        ("#/faqs/0", "unknown_reference"),
        ("#/related/0", "unknown_reference"),
    }


def test_a_faulty_reference_writes_nothing(service: Service) -> None:
    faults(service, "articles", title="Lost", authors=["nobody"])
    assert service.viewer.get("/api/v1/manage/articles").get_json()["data"] == []


def test_a_reference_into_the_trash_is_kept_and_warned_of(service: Service) -> None:
    tag = service.editor.create_published("tags", slug="paper")
    article = service.editor.create("articles", tags=["paper"], summary="Of paper.")
    service.editor.trash("tags", tag, force="true")
    response = service.editor.patch(f"/api/v1/manage/articles/{article['id']}", json={"title": "B"}, if_match="*")
    assert response.status_code == 200
    assert response.get_json()["data"]["tags"] == [tag["id"]]
    found = {(each["pointer"], each["code"]) for each in response.get_json()["warnings"]}
    assert found == {("#/tags/0", "unpublished_reference")}


def test_a_moved_slug_still_names_its_entry(service: Service) -> None:
    tag = service.editor.create_published("tags", slug="paper")
    service.editor.change("tags", tag, slug="cardboard")
    assert service.editor.create("articles", tags=["paper"])["tags"] == [tag["id"]]


def test_a_slug_is_looked_up_in_the_entrys_own_locale_first(service: Service) -> None:
    settings = {"locales": [{"code": "en"}, {"code": "de", "fallback": "en"}, {"code": "fr"}]}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200
    english = service.author.create("tags", slug="papier", locale="en")
    german = service.author.create("tags", slug="papier", locale="de")
    only_english = service.author.create("tags", slug="glue", locale="en")
    assert service.author.create("articles", locale="de", tags=["papier"])["tags"] == [german["id"]]
    assert service.author.create("articles", locale="en", tags=["papier"])["tags"] == [english["id"]]
    assert service.author.create("articles", locale="de", tags=["glue"])["tags"] == [only_english["id"]]
    assert faults(service, "articles", locale="fr", tags=["glue"]) == {("#/tags/0", "unknown_reference")}
    assert service.author.create("articles", locale="fr", tags=[german["id"]])["tags"] == [german["id"]]


def warnings(service: Service, plural: str, **fields: Any) -> set[tuple[str, str]]:
    summary = {"summary": "Of paper."} if plural == "articles" else {}
    response = service.editor.post(f"/api/v1/manage/{plural}?publish=true", json=written(plural, **fields, **summary))
    assert response.status_code == 201
    return {(each["pointer"], each["code"]) for each in response.get_json()["warnings"]}


@EACH
def test_a_reference_to_what_is_not_live_warns_at_its_place(
    service: Service, plural: str, field: str, target: str
) -> None:
    live, draft = service.editor.create_published(target), service.editor.create(target)
    gone = service.editor.create_published(target)
    service.editor.unpublish(target, gone)
    names = [draft["id"], live["id"], gone["id"]]
    code = "unpublished_author" if target == "authors" else "unpublished_reference"
    assert warnings(service, plural, **{field: names}) == {(f"#/{field}/0", code), (f"#/{field}/2", code)}
    assert warnings(service, plural, **{field: [live["id"]]}) == set()


def test_the_author_of_a_social_link_warns_without_a_place_in_a_list(service: Service) -> None:
    author = service.editor.create("authors")
    found = warnings(service, "social-links", platform="github", handle="orla", author=author["id"])
    assert found == {("#/author", "unpublished_author")}


def test_an_editorial_date_ahead_of_a_live_article_warns(service: Service) -> None:
    assert warnings(service, "articles", published_at="2999-01-01T00:00:00Z") == {("#/published_at", "future_date")}
    assert warnings(service, "articles", published_at="2001-01-01T00:00:00Z") == set()


def test_publishing_an_article_with_a_date_ahead_warns(service: Service) -> None:
    entry = service.editor.create("articles", published_at="2999-01-01T00:00:00Z", summary="Of paper.")
    response = service.editor.put(f"/api/v1/manage/articles/{entry['id']}/publication", json={}, if_match="*")
    assert [each["code"] for each in response.get_json()["warnings"]] == ["future_date"]
