"""``check_invariants`` finds every kind of damage: each copied value in the database is changed once."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cms import clock
from cms.app import create_app
from cms.settings import Settings
from tests.invariants import check_invariants
from tests.service import SECRET, Service


@pytest.fixture(scope="module")
def full(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with something live, planned, over, trashed and erased."""
    path = tmp_path_factory.mktemp("full") / "cms.db"
    shutil.copy(sqlite_template, path)
    service = Service(create_app(Settings(database_url=f"sqlite:///{path}", secret_key=SECRET)))
    editor = service.editor
    tag = editor.create_published("tags", name="Repair")
    article = editor.create_published("articles", title="A loose spine", tags=[tag["id"]])
    editor.change("articles", article, title="A firm spine", slug="a-firm-spine")
    editor.publish("articles", article, live_from=clock.to_wire(clock.now() + timedelta(days=1)))
    over = editor.create_published("articles", title="Over", tags=[tag["id"]])
    editor.unpublish("articles", over)
    trashed = editor.create("articles", title="Trashed")
    editor.trash("articles", trashed)
    erased = editor.create_published("articles", title="Erased")
    editor.trash("articles", erased, purge="true")
    service.close()
    return path


def test_a_database_that_nobody_spoilt_agrees_with_itself(full: Path) -> None:
    check_invariants(f"sqlite:///{full}")


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM articles WHERE title = 'Over'",
        "DELETE FROM draft_publications WHERE type = 'tag'",
        "DELETE FROM links",
        "DELETE FROM slugs WHERE slug = 'over'",
        "UPDATE entries SET version = version + 1 WHERE slug = 'over'",
        "UPDATE entries SET trashed_at = NULL",
        "UPDATE entries SET changed = 9999 WHERE slug = 'over'",
        "UPDATE publications SET live_until = '9999-12-31T23:59:59.999Z'",
        "UPDATE publications SET sort_text = 'other' WHERE type = 'article'",
        "DELETE FROM publication_links",
        "UPDATE publication_links SET over = 1",
        "UPDATE link_counts SET number = number + 1",
        "DELETE FROM search_documents WHERE type = 'tag'",
        "UPDATE draft_search_documents SET publication_id = 'x' WHERE type = 'tag'",
        "DELETE FROM events WHERE change = 5",
        "DELETE FROM events WHERE action = 'scheduled'",
        "UPDATE events SET position = 1 WHERE action = 'purged'",
        "UPDATE content_version SET change = change + 1",
        "UPDATE content_version SET content = change + 1",
        "DELETE FROM revisions WHERE number = 2",
    ],
)
def test_what_does_not_agree_is_seen(full: Path, tmp_path: Path, damage: str) -> None:
    url = f"sqlite:///{shutil.copy(full, tmp_path / 'cms.db')}"
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text(damage)).rowcount > 0
    engine.dispose()
    with pytest.raises((AssertionError, KeyError)):
        check_invariants(url)
