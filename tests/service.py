"""The service as tests call it: over HTTP in this process, anonymously or with the key of a role.

``service.get(path)`` is an anonymous frontend; ``service.editor.post(path, json=…)`` is an editor with an API client.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.test import TestResponse

from cms.api.answers.middleware import AnswerCache
from cms.api.http.contract import METHODS, Contract, contract_of
from cms.api.services import Services
from cms.content.editing.write import begin_write
from cms.db import Usage, usage
from cms.keys import ROLES, Actor, create_key

SECRET = "a-secret-for-tests-of-at-least-32-characters"
HOST = {"Host": "127.0.0.1:8000"}
MERGE_PATCH = "application/merge-patch+json"

_numbers = itertools.count(1)


class Caller:
    """Someone who calls the API, with a key or without."""

    def __init__(self, app: Flask, key: str | None = None) -> None:
        self.app, self.key = app, key

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        """Any request; ``headers`` are added to the caller's own."""
        own = HOST | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        options["headers"] = own | dict(options.pop("headers", {}))
        return self.app.test_client().open(path, method=method, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.request("POST", path, **options)

    def put(self, path: str, *, if_match: str | None = None, **options: Any) -> TestResponse:
        return self.request("PUT", path, **_expecting(options, if_match))

    def patch(self, path: str, *, if_match: str | None = None, **options: Any) -> TestResponse:
        options.setdefault("content_type", MERGE_PATCH)
        return self.request("PATCH", path, **_expecting(options, if_match))

    def delete(self, path: str, *, if_match: str | None = None, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **_expecting(options, if_match))

    # What an editor does all day, each checked to have worked.

    def create(self, plural: str, **fields: Any) -> dict[str, Any]:
        """POST a draft; returns the draft."""
        return _data(self.post(f"/api/v1/manage/{plural}", json=written(plural, **fields)), 201)

    def create_published(self, plural: str, **fields: Any) -> dict[str, Any]:
        """POST and publish at once; returns the draft."""
        return _data(self.post(f"/api/v1/manage/{plural}?publish=true", json=written(plural, **fields)), 201)

    def read(self, plural: str, entry: Any) -> dict[str, Any]:
        """The draft as it is now."""
        return _data(self.get(f"/api/v1/manage/{plural}/{_id(entry)}"), 200)

    def change(self, plural: str, entry: Any, **fields: Any) -> dict[str, Any]:
        """PATCH the draft in any version; returns the draft."""
        response = self.patch(f"/api/v1/manage/{plural}/{_id(entry)}", json=fields, if_match="*")
        return _data(response, 200)

    def publish(self, plural: str, entry: Any, **times: Any) -> dict[str, Any]:
        """PUT the publication; returns it."""
        response = self.put(f"/api/v1/manage/{plural}/{_id(entry)}/publication", json=times, if_match="*")
        return _data(response, 200)

    def unpublish(self, plural: str, entry: Any, at: str | None = None) -> dict[str, Any]:
        """DELETE the publication; returns it."""
        query = {"at": at} if at else {}
        path = f"/api/v1/manage/{plural}/{_id(entry)}/publication"
        return _data(self.delete(path, query_string=query, if_match="*"), 200)

    def trash(self, plural: str, entry: Any, **query: Any) -> None:
        """DELETE the entry."""
        response = self.delete(f"/api/v1/manage/{plural}/{_id(entry)}", query_string=query, if_match="*")
        assert response.status_code == 204, response.get_data(as_text=True)


class Route(NamedTuple):
    """One method of one route of the application."""

    method: str
    path: str
    """With its parameters in angle brackets."""
    contract: Contract


class Service(Caller):
    """The service, called by anyone; with a caller for each role."""

    def __init__(self, app: Flask, give_back: "Callable[[Service], None] | None" = None) -> None:
        super().__init__(app)
        self.services: Services = app.extensions["cms"]
        self._give_back = give_back

    def with_key(self, *scopes: str, name: str | None = None, **options: Any) -> Caller:
        """A caller whose new key has these scopes."""
        known = self.services
        with begin_write(known.database, known.types, Actor(), known.settings.public_url) as write:
            made = create_key(write.session, name or f"Key {next(_numbers)}", scopes, write.at, **options)
            write.record("key_created", "key")
        return Caller(self.app, made.key)

    @cached_property
    def viewer(self) -> Caller:
        return self.with_key(*ROLES["viewer"])

    @cached_property
    def author(self) -> Caller:
        return self.with_key(*ROLES["author"])

    @cached_property
    def editor(self) -> Caller:
        return self.with_key(*ROLES["editor"])

    @cached_property
    def admin(self) -> Caller:
        return self.with_key(*ROLES["admin"])

    @property
    def answer_cache(self) -> AnswerCache:
        """The layer in front of the application, with the answers that it keeps."""
        cache = self.app.wsgi_app
        assert isinstance(cache, AnswerCache)
        return cache

    def routes(self) -> Iterator[Route]:
        """Every operation that the application has, as method, rule and contract, in the order of its routes."""
        for rule in self.app.url_map.iter_rules():
            endpoint = getattr(self.app.view_functions[rule.endpoint], "view_class", None)
            for method in METHODS:
                if function := getattr(endpoint, method.lower(), None):
                    yield Route(method, str(rule), contract_of(function))

    @contextmanager
    def counting(self) -> Iterator[Usage]:
        """Count the statements that run inside the block."""
        measured = Usage()
        token = usage.set(measured)
        try:
            yield measured
        finally:
            usage.reset(token)

    def close(self) -> None:
        """Close every connection; the service must not be used any more."""
        self.services.database.dispose()
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(self)


def written(plural: str, **fields: Any) -> dict[str, Any]:
    """A body for a new entry of the type, valid as it stands; ``fields`` add to it."""
    number = next(_numbers)
    required: dict[str, dict[str, Any]] = {
        "articles": {"title": f"Article {number}"},
        "faqs": {"question": f"Question {number}?", "answer": "An answer."},
        "authors": {"name": f"Author {number}"},
        "social-links": {"platform": "other", "url": f"https://profiles.example/{number}"},
        "tags": {"name": f"Tag {number}"},
    }
    if plural == "social-links" and fields.keys() & {"platform", "handle", "url"}:
        return fields
    return required.get(plural, {}) | fields


def _id(entry: Any) -> str:
    return str(entry["id"] if isinstance(entry, dict) else entry)


def _expecting(options: dict[str, Any], if_match: str | None) -> dict[str, Any]:
    if if_match is not None:
        options["headers"] = {"If-Match": if_match} | dict(options.pop("headers", {}))
    return options


def _data(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    document = response.get_json()
    data: dict[str, Any] = document["data"]
    return data
