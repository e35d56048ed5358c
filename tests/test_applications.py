"""Tests that share an application do not affect each other: they share no data, answer, connection or listener."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from cms.api.answers.middleware import AnswerCache
from cms.catalog import CONTENT_TYPES
from cms.settings import Settings
from tests import applications
from tests.applications import serve
from tests.service import SECRET, Service

PATH = "/api/v1/articles/one"


@pytest.fixture(autouse=True)
def no_idle_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the applications that other tests have left."""
    monkeypatch.setattr(applications, "_idle", [])


def settings_of(url: str) -> Settings:
    return Settings(database_url=url, secret_key=SECRET)


def test_the_next_test_has_the_application_and_nothing_else(fresh_database: Callable[[], str]) -> None:
    with closing(serve(settings_of(fresh_database()))) as first:
        first.editor.create_published("articles", slug="one")
        assert [first.get(PATH).status_code for _ in range(2)] == [200, 200]
        assert len(first.answer_cache.memory) == 1
        assert len(first.answer_cache._version_watch._idle) == 1
    with closing(serve(settings_of(fresh_database()))) as second:
        assert second.app is first.app
        assert len(second.answer_cache.memory) == 0
        assert len(second.answer_cache._version_watch._idle) == 0
        assert second.get(PATH).status_code == 404
        assert second.admin.get("/api/v1/manage/articles").get_json()["data"] == []


def test_an_application_is_lent_to_one_at_a_time(sqlite_url: str) -> None:
    settings = settings_of(sqlite_url)
    with closing(serve(settings)) as first, closing(serve(settings)) as second:
        assert first.app is not second.app


def test_other_settings_or_types_are_another_application(sqlite_url: str) -> None:
    settings = settings_of(sqlite_url)
    with closing(serve(settings)) as plain:
        pass
    for others in (serve(replace(settings, cache_memory=0)), serve(settings, catalog=CONTENT_TYPES[:-1])):
        with closing(others):
            assert others.app is not plain.app


def test_one_with_a_listener_is_not_used_again(fresh_database: Callable[[], str]) -> None:
    for name in ("before_cursor_execute", "connect"):
        heard: list[Any] = []
        with closing(serve(settings_of(fresh_database()))) as first:
            event.listen(first.services.database.engine, name, lambda *given, heard=heard: heard.append(given))
            assert first.get("/api/v1/site").status_code == 200
            assert heard
        heard.clear()
        with closing(serve(settings_of(fresh_database()))) as second:
            assert second.app is not first.app
            assert second.get("/api/v1/site").status_code == 200
            assert not heard


def test_one_that_was_changed_is_not_used_again(sqlite_url: str) -> None:
    def replace_front(service: Service) -> None:
        service.app.wsgi_app = AnswerCache(service.answer_cache._application, settings, service.services.database)  # type: ignore[method-assign]

    def replace_what_stands_behind(service: Service) -> None:
        service.answer_cache._application = lambda _environ, _start_response: []

    def add_to_the_front(service: Service) -> None:
        service.answer_cache.closed = []  # type: ignore[attr-defined]

    def replace_a_service(service: Service) -> None:
        object.__setattr__(service.services, "cards", {})

    settings = settings_of(sqlite_url)
    for change in (replace_front, replace_what_stands_behind, add_to_the_front, replace_a_service):
        with closing(serve(settings)) as first:
            change(first)
        with closing(serve(settings)) as second:
            assert second.app is not first.app, change.__name__


def test_few_are_kept(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "IDLE_AT_MOST", 2)
    services = [serve(settings_of(sqlite_url)) for _ in range(3)]
    for each in services:
        each.close()
        each.close()
    with closing(serve(settings_of(sqlite_url))) as again:
        assert again.app is services[-1].app
        assert [each.app for each in applications._idle] == [services[1].app]
