"""Renditions made anew after the renderer has changed: ``cms rerender``."""

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from cms.cli import cli
from cms.content import renditions
from cms.content.editing import rerendering, revisions
from cms.content.editing.rerendering import Rerendered
from cms.content.model import Event, Revision
from cms.rendering import RENDERER, Rendition, allowed, nesting, render, sanitising
from tests.invariants import check_invariants
from tests.service import Service

MARKED = {"format": "html", "source": "<p>A <mark>quiet</mark> morning.</p>"}
PAGE = "/api/v1/articles/quiet"


@pytest.fixture
def stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later release whose sanitiser takes out an element that was let through before."""
    for module in (sanitising, nesting):
        monkeypatch.setattr(module, "TAGS", allowed.TAGS - {"mark"})
    _renumber(monkeypatch)


@pytest.fixture
def rewording(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later release that gives the same source other words."""

    def reworded(form: Any, source: Any) -> Rendition:
        rendition = render(form, source)
        return replace(
            rendition,
            html=rendition.html.replace("morning", "evening"),
            text=rendition.text.replace("morning", "evening"),
        )

    monkeypatch.setattr(renditions, "render", reworded)
    _renumber(monkeypatch)


def _renumber(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rerendering, revisions):
        monkeypatch.setattr(module, "RENDERER", RENDERER + 1)


def rerender(service: Service, **options: Any) -> Rerendered:
    known = service.services
    return rerendering.rerender(known.database, known.types, known.settings.public_url, **options)


def stored(service: Service, statement: Any) -> Any:
    with service.services.database.snapshot() as connection:
        return connection.execute(statement).scalar_one()


def html_of(service: Service) -> str:
    return str(service.get(PAGE).get_json()["data"]["body"]["html"])


def test_an_old_published_page_changes_with_the_sanitiser(service: Service, request: pytest.FixtureRequest) -> None:
    service.editor.create_published("articles", title="Quiet", slug="quiet", body=MARKED)
    before = service.get(PAGE)
    assert "<mark>" in html_of(service)
    request.getfixturevalue("stricter")
    assert service.get(PAGE).headers["ETag"] == before.headers["ETag"], "Nothing changes before it is rendered anew."
    assert rerender(service) == Rerendered(revisions=1, changed=1, live=1)
    after = service.get(PAGE)
    assert html_of(service) == "<p>A quiet morning.</p>"
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.get_json()["data"]["version"] == before.get_json()["data"]["version"]
    assert after.get_json()["data"]["updated_at"] == before.get_json()["data"]["updated_at"]
    assert rerender(service) == Rerendered(), "What is done is not done again."


def test_a_draft_and_its_entity_tag_stay_and_preview_follows(service: Service, request: pytest.FixtureRequest) -> None:
    draft = service.editor.create("articles", title="Quiet", slug="quiet", body=MARKED)
    request.getfixturevalue("stricter")
    assert rerender(service) == Rerendered(revisions=1, changed=1, live=0)
    assert service.editor.read("articles", draft)["etag"] == draft["etag"]
    assert service.editor.read("articles", draft)["body"] == MARKED
    preview = service.editor.get(f"/api/v1/preview/articles/{draft['id']}").get_json()["data"]
    assert "<mark>" not in preview["body"]["html"]


def test_followers_of_changes_are_told(service: Service, request: pytest.FixtureRequest) -> None:
    entry = service.editor.create_published("articles", title="Quiet", slug="quiet", body=MARKED)
    service.editor.create_published("articles", title="Plain", body="Nothing marked.")
    token = service.get("/api/v1/changes").get_json()["page"]["next"]
    request.getfixturevalue("stricter")
    rerender(service)
    told = service.get(f"/api/v1/changes?since={token}").get_json()["data"]
    assert [(each["action"], each["id"]) for each in told] == [("upsert", entry["id"])]
    event = service.admin.get("/api/v1/manage/events?action=rerendered").get_json()["data"][0]
    assert (event["subject"]["id"], event["client"], event["key"]) == (entry["id"], "rerender", None)


def test_search_finds_the_new_words_and_no_old_ones(
    service: Service, database_url: str, request: pytest.FixtureRequest
) -> None:
    entry = service.editor.create_published("articles", title="Quiet", slug="quiet", body=MARKED)
    service.editor.change("articles", entry, title="Quiet again")
    service.editor.publish("articles", entry)
    service.editor.change("articles", entry, title="Quiet as a draft")
    request.getfixturevalue("rewording")
    assert rerender(service) == Rerendered(revisions=3, changed=3, live=1)
    for space, caller in (("", service), ("/preview", service.editor)):
        found = caller.get(f"/api/v1{space}/search?q=evening").get_json()["data"]
        assert [each["id"] for each in found] == [entry["id"]]
        assert caller.get(f"/api/v1{space}/search?q=morning").get_json()["data"] == []
    check_invariants(database_url)


def test_a_dry_run_counts_and_writes_nothing(service: Service, request: pytest.FixtureRequest) -> None:
    service.editor.create_published("articles", title="Quiet", slug="quiet", body=MARKED)
    events = stored(service, select(func.count()).select_from(Event))
    request.getfixturevalue("stricter")
    assert rerender(service, dry_run=True) == Rerendered(revisions=1, changed=1, live=1)
    assert "<mark>" in html_of(service)
    assert stored(service, select(func.count()).select_from(Event)) == events
    assert stored(service, select(func.count()).where(Revision.rendered_with == RENDERER)) == 1


def test_a_run_that_was_stopped_is_taken_up(
    service: Service, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        service.editor.create_published("articles", title=f"Quiet {number}", body=MARKED)
    request.getfixturevalue("stricter")
    monkeypatch.setattr(rerendering, "BATCH", 2)

    def stop(done: Rerendered) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rerender(service, report=stop)
    told: list[int] = []
    assert rerender(service, report=lambda done: told.append(done.revisions)) == Rerendered(3, 3, 3)
    assert told == [2, 3]


def test_a_save_renders_anew_what_an_older_renderer_made(service: Service, request: pytest.FixtureRequest) -> None:
    entry = service.editor.create_published("articles", title="Quiet", slug="quiet", body=MARKED)
    request.getfixturevalue("stricter")
    service.editor.change("articles", entry, title="Quieter")
    service.editor.publish("articles", entry)
    assert "<mark>" not in html_of(service)
    assert service.editor.change("articles", entry, title="Quieter")["version"] == 2, "Nothing was written."


def test_the_command_says_what_it_did(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMS_DATABASE_URL", sqlite_url)
    done = CliRunner().invoke(cli, ["rerender", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "Nothing to do: no text was rendered by an older release." in done.output
    monkeypatch.setattr("cms.cli.rerender_all", lambda *_, **__: Rerendered(12, 3, 2))
    assert "12. Of these, changed: 3. Live or planned entries that changed: 2." in _output("rerender")
    assert "12. Of these, would change: 3." in _output("rerender", "--dry-run")


def _output(*arguments: str) -> str:
    return CliRunner().invoke(cli, list(arguments)).output
