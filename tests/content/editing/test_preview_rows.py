"""What preview reads is the same rows, whether written change by change or made of all drafts at once."""

from datetime import timedelta
from typing import Any

import flask_migrate
from sqlalchemy import select

from cms import clock
from cms.content.editing.preview_model import DraftPublication, DraftPublicationLink
from tests.service import Service

LANGUAGES = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]


def rows(service: Service) -> list[Any]:
    tables = (DraftPublication.__table__, DraftPublicationLink.__table__)
    with service.services.database.snapshot() as connection:
        return [sorted(map(repr, connection.execute(select(table)).mappings())) for table in tables]


def fill(service: Service) -> None:
    """Entries of every type in every state."""
    service.admin.patch("/api/v1/manage/site", json={"locales": LANGUAGES}, if_match="*")
    editor, start = service.editor, clock.to_wire(clock.now() + timedelta(hours=1))
    author, tag = editor.create("authors", name="Órla Wrenmoor"), editor.create_published("tags", name="Repair")
    editor.create_published("social-links", platform="github", handle="workshop", position=3)
    editor.create("social-links", platform="mastodon", url="https://social.example/@orla", author=author["id"])
    faq = editor.create("faqs", question="How long?", tags=[tag["id"]], position=7)
    relations = {"authors": [author["id"]], "tags": [tag["id"]], "faqs": [faq["id"]]}
    dated = editor.create("articles", title="Ölstand", published_at="2026-02-02T08:00:00Z", featured=True, **relations)
    live = editor.create_published("articles", related=[dated["id"]], **relations)
    editor.change("articles", live, title="Changed since", related=[])
    planned = editor.create("articles", locale="de", translation_of=live["id"])
    editor.publish("articles", planned, live_from=start)
    withdrawn = editor.create("articles")
    editor.publish("articles", withdrawn, live_from=start)
    editor.unpublish("articles", withdrawn)
    trashed, back = editor.create("articles", **relations), editor.create_published("articles", **relations)
    editor.trash("articles", trashed)
    editor.trash("articles", back)
    assert editor.post(f"/api/v1/manage/articles/{back['id']}/undelete").status_code == 200


def test_migrating_shows_every_draft_as_saving_it_would_have(service: Service) -> None:
    fill(service)
    written = rows(service)
    publications, links = written
    assert (len(publications), len(links)) == (10, 12)
    with service.app.app_context():
        flask_migrate.downgrade(revision="0003")
        flask_migrate.upgrade()
    assert rows(service) == written


def test_an_original_that_is_erased_passes_its_translations_on(service: Service) -> None:
    service.admin.patch("/api/v1/manage/site", json={"locales": LANGUAGES}, if_match="*")
    original = service.editor.create("articles")
    heir = service.editor.create("articles", locale="de", translation_of=original["id"])
    service.editor.trash("articles", original, force="true", purge="true")
    with service.services.database.snapshot() as connection:
        (row,) = connection.execute(select(DraftPublication.__table__)).all()
    assert (row.entry_id, row.translation_group) == (heir["id"], heir["id"])


def test_a_write_that_is_refused_leaves_what_was_shown(service: Service) -> None:
    article = service.editor.create("articles", title="First", slug="first")
    service.editor.create("articles", slug="taken")
    before = rows(service)
    path = f"/api/v1/manage/articles/{article['id']}"
    refused = service.editor.patch(path, json={"title": "Second", "slug": "taken"}, if_match="*")
    assert refused.status_code == 409
    assert rows(service) == before
