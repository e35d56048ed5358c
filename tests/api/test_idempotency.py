"""``Idempotency-Key``: a POST that is sent again is not done again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from cms import clock
from cms.api import execution
from cms.content.editing import actions
from cms.content.editing.model import Entry
from cms.idempotency import IdempotencyKey, Repeatable, keep_answer
from cms.keys import APIKey
from cms.worker import prune
from tests.dumps import dump
from tests.processes import PATIENCE
from tests.service import Caller, Service

TAGS = "/api/v1/manage/tags"
KEYS = "/api/v1/manage/keys"
UUID = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def post(caller: Caller, body: Any, *, key: str = UUID, path: str = TAGS, **options: Any) -> TestResponse:
    return caller.post(path, json=body, headers={"Idempotency-Key": key}, **options)


def count(service: Service, model: Any) -> int:
    with service.services.database.snapshot() as connection:
        return int(connection.execute(select(func.count()).select_from(model)).scalar_one())


def is_replay(again: TestResponse, first: TestResponse) -> bool:
    """Whether it is the first answer, byte for byte; the request's own id is another one."""
    assert "Idempotency-Replayed" not in first.headers
    if again.headers.get("Idempotency-Replayed") != "true":
        return False
    headers = [{**dict(each.headers), "X-Request-Id": ""} for each in (again, first)]
    del headers[0]["Idempotency-Replayed"]
    assert (again.status_code, again.get_data(), headers[0]) == (first.status_code, first.get_data(), headers[1])
    return True


def test_the_same_again_is_answered_as_before_and_not_done(service: Service) -> None:
    first = post(service.editor, {"name": "Paper", "extra": {"a": 1, "b": 2}})
    assert first.status_code == 201
    known = dump(service)
    again = post(service.editor, {"extra": {"b": 2, "a": 1}, "name": "Paper"}, key=f'"{UUID}"')
    assert is_replay(again, first)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert dump(service) == known
    # The answer is the one of then, whatever has become of the entry.
    service.editor.change("tags", first.get_json()["data"], name="Card")
    assert is_replay(post(service.editor, {"name": "Paper", "extra": {"a": 1, "b": 2}}), first)


def test_another_payload_is_422_and_the_first_answer_stays(service: Service) -> None:
    first = post(service.editor, {"name": "Paper"})
    entry = first.get_json()["data"]
    for body, path in (
        ({"name": "Card"}, TAGS),
        ({"name": "Paper"}, "/api/v1/manage/authors"),
        ({"name": "Paper"}, f"{TAGS}?publish=true"),
        (None, f"{TAGS}/{entry['id']}/undelete"),
    ):
        response = post(service.editor, body, path=path)
        assert response.status_code == 422
        assert response.get_json()["type"].endswith("/idempotency-key-reused")
        assert "Idempotency-Replayed" not in response.headers
    assert count(service, Entry) == 1
    assert is_replay(post(service.editor, {"name": "Paper"}), first)


def test_a_key_is_of_one_api_key_and_needs_what_the_request_needs(service: Service) -> None:
    first = post(service.editor, {"name": "Paper"})
    other = post(service.author, {"name": "Card"})
    assert (other.status_code, other.get_json()["data"]["name"]) == (201, "Card")
    assert is_replay(post(service.editor, {"name": "Paper"}), first)
    assert post(service.viewer, {"name": "Paper"}).status_code == 403
    assert post(service, {"name": "Paper"}).status_code == 401


def test_after_a_day_the_key_is_free_and_the_worker_forgets_the_answer(service: Service) -> None:
    first = post(service.editor, {"name": "Paper"})
    with clock.moved(timedelta(hours=23, minutes=59)):
        prune(service.services.database)
        assert is_replay(post(service.editor, {"name": "Paper"}), first)
    with clock.moved(timedelta(hours=24, minutes=1)):
        later = post(service.editor, {"name": "Card"})
        assert (later.status_code, later.get_json()["data"]["name"]) == (201, "Card")
        assert is_replay(post(service.editor, {"name": "Card"}), later)
        prune(service.services.database)
        assert count(service, IdempotencyKey) == 1
    with clock.moved(timedelta(hours=49)):
        prune(service.services.database)
        assert count(service, IdempotencyKey) == 0


def test_what_is_refused_before_anything_is_done_leaves_the_key_free(service: Service) -> None:
    refusals = [
        post(service.editor, {"name": "Paper"}, query_string={"publis": "true"}),
        service.editor.post(TAGS, data="{", content_type="application/json", headers={"Idempotency-Key": UUID}),
        service.editor.post(TAGS, data="{}", content_type="text/csv", headers={"Idempotency-Key": UUID}),
        post(service.editor, {"name": ""}),
        post(service.editor, {"name": "Paper", "translation_of": UUID}),
        post(service.author, {"name": "Paper"}, query_string={"publish": "true"}),
    ]
    assert [each.status_code for each in refusals] == [400, 400, 415, 422, 422, 403]
    assert count(service, IdempotencyKey) == 0
    assert post(service.editor, {"name": "Paper"}).status_code == 201


def test_a_refusal_for_what_is_there_is_given_again(service: Service) -> None:
    entry = service.editor.create("tags", slug="paper")
    stale = service.editor.change("tags", entry, name="Newer") and entry["etag"]
    clash = {"name": "Paper", "slug": "paper"}
    restore, undelete = f"{TAGS}/{entry['id']}/restore", f"{TAGS}/{entry['id']}/undelete"
    match = {"If-Match": stale, "Idempotency-Key": "stale"}

    def send() -> list[TestResponse]:
        return [
            post(service.editor, clash, key="clash"),
            post(service.editor, None, key="nothing", path=undelete),
            service.editor.post(restore, json={"revision": 1}, headers=match),
        ]

    first = send()
    assert [each.status_code for each in first] == [409, 404, 412]
    service.editor.change("tags", entry, slug="card")
    assert [is_replay(*both) for both in zip(send(), first, strict=True)] == [True] * 3
    assert post(service.editor, clash, key="another").status_code == 201


def test_what_changes_nothing_is_not_done_later_either(service: Service) -> None:
    entry = service.editor.create("tags", name="First")
    path = f"{TAGS}/{entry['id']}/restore"
    first = post(service.editor, {"revision": 1}, path=path)
    assert first.headers["ETag"] == entry["etag"]
    newer = service.editor.change("tags", entry, name="Second")
    assert is_replay(post(service.editor, {"revision": 1}, path=path), first)
    assert service.editor.read("tags", entry) == newer


def test_a_purge_takes_the_answers_with_it(service: Service) -> None:
    secret, other = "a word that nobody else has", "of another entry"
    entry = post(service.editor, {"name": secret}).get_json()["data"]
    kept = post(service.editor, {"name": other}, key="other")
    service.editor.trash("tags", entry, purge="true")
    assert not any(secret in line for line in dump(service))
    assert is_replay(post(service.editor, {"name": other}, key="other"), kept)
    # It is not done again, though its answer is gone.
    assert post(service.editor, {"name": secret}).status_code == 422
    assert count(service, Entry) == 1


def test_nor_does_a_batch_keep_what_it_has_purged(service: Service) -> None:
    secret, entry = "a word that nobody else has", service.editor.create("tags")
    batch = {
        "operations": [
            {"method": method, "path": f"/tags/{entry['id']}", "headers": {"If-Match": "*"}, **more}
            for method, more in (("PATCH", {"body": {"name": secret}}), ("DELETE", {"query": {"purge": True}}))
        ]
    }
    first = post(service.editor, batch, path="/api/v1/manage/batch")
    assert first.get_json()["data"][0]["body"]["data"]["name"] == secret
    assert not any(secret in line for line in dump(service))
    assert post(service.editor, batch, path="/api/v1/manage/batch").status_code == 422


def test_what_makes_and_purges_in_one_batch_is_not_done_twice(service: Service) -> None:
    path = f"/tags/{UUID}"
    batch = {
        "operations": [
            {"method": "PUT", "path": path, "headers": {"If-None-Match": "*"}, "body": {"name": "Paper"}},
            {"method": "DELETE", "path": path, "headers": {"If-Match": "*"}, "query": {"purge": True}},
            {"method": "POST", "path": "/tags", "body": {"name": "Card"}},
        ]
    }
    keys = (UUID, UUID, "another", "another")
    answers = [post(service.editor, batch, key=key, path="/api/v1/manage/batch").status_code for key in keys]
    assert (answers, count(service, Entry)) == ([200, 422, 409, 409], 1)


def test_what_is_kept_late_tells_nothing_of_what_was_purged_meanwhile(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers of what changed nothing are kept in a transaction of their own, and another may come before it."""
    editor, keep_apart = service.editor, execution._keep_apart

    def kept_after(path: str, body: Any, **query: str) -> int:
        entry = editor.create("tags", name="a word that nobody else has", slug="paper")
        before = count(service, IdempotencyKey)

        def late(*arguments: Any) -> None:
            editor.trash("tags", entry, **query)
            keep_apart(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(execution, "_keep_apart", late)
            response = post(editor, body, key=f"after-{before}", path=path.format(entry["id"]))
        assert response.status_code in (200, 409)
        return count(service, IdempotencyKey) - before

    for path, body in ((TAGS + "/{}/restore", {"revision": 1}), (TAGS, {"name": "Card", "slug": "paper"})):
        assert kept_after(path, body, purge="true") == 0
        assert not any("a word that nobody else has" in line for line in dump(service))
        assert kept_after(path, body) == 1
        (trashed,) = editor.get(f"{TAGS}?trashed=true").get_json()["data"]
        editor.trash("tags", trashed, purge="true")


def test_a_secret_is_shown_once_and_kept_nowhere(service: Service) -> None:
    body = {"name": "Newsroom", "role": "author"}
    first = post(service.admin, body, path=KEYS)
    made = first.get_json()["data"]
    assert Caller(service.app, made["key"]).get("/api/v1/manage/whoami").status_code == 200
    again = post(service.admin, body, path=KEYS)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json()["data"] == {**made, "key": None}
    entry = service.admin.create("tags")
    tokens = f"{TAGS}/{entry['id']}/preview-tokens"
    token = post(service.admin, {}, path=tokens, key="token").get_json()["data"]
    assert post(service.admin, {}, path=tokens, key="token").get_json()["data"] == {**token, "token": None}
    held = "\n".join(dump(service))
    assert made["key"] not in held
    assert token["token"] not in held
    with service.services.database.snapshot() as connection:
        assert connection.execute(select(APIKey.id).where(APIKey.name == "Newsroom")).scalars().all() == [made["id"]]


def test_a_key_of_another_form_is_400(service: Service) -> None:
    for key in ('""', '"a', "a b", "é", "a" * 65, '"a", "b"', "a;b=1", "a/b", " "):
        response = post(service.editor, {"name": "Paper"}, key=key)
        assert response.status_code == 400, key
        assert [each["header"] for each in response.get_json()["errors"]] == ["Idempotency-Key"]
    assert count(service, Entry) == 0


def test_other_methods_heed_no_key(service: Service) -> None:
    entry = service.editor.create("tags")
    headers = {"Idempotency-Key": "not even one", "If-Match": "*"}
    for name in ("One", "Two"):
        response = service.editor.patch(f"{TAGS}/{entry['id']}", json={"name": name}, headers=headers)
        assert response.get_json()["data"]["name"] == name


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """Creations stop in their middle until they are told to go on."""
    arrived, go_on, create = Event(), Event(), actions.create

    def slow(*arguments: Any, **options: Any) -> Any:
        arrived.set()
        assert go_on.wait(PATIENCE)
        return create(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(actions, "create", slow)
        yield arrived, go_on


def test_while_the_first_runs_the_second_is_409(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    editor, first = service.editor, []
    with held_up(monkeypatch) as (arrived, go_on):
        thread = Thread(target=lambda: first.append(post(editor, {"name": "Paper"})))
        thread.start()
        assert arrived.wait(PATIENCE)
        second = post(editor, {"name": "Paper"})
        go_on.set()
        thread.join(PATIENCE)
    assert second.status_code == 409
    assert second.get_json()["type"].endswith("/idempotency-in-progress")
    assert second.headers["Retry-After"] == "1"
    assert is_replay(post(editor, {"name": "Paper"}), first[0])
    assert count(service, Entry) == 1


def test_what_breaks_in_the_middle_is_done_anew(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(actions, "create", broken)
        assert post(service.editor, {"name": "Paper"}).status_code == 500
    assert count(service, IdempotencyKey) == 0
    assert post(service.editor, {"name": "Paper"}).status_code == 201


def test_the_key_and_the_effect_are_one_transaction(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the answer cannot be kept, nothing is done."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("cms.api.replaying.keep_answer", broken)
        assert post(service.editor, {"name": "Paper"}).status_code == 500
    assert count(service, Entry) == 0


def test_of_two_that_finish_in_different_processes_the_first_answer_stays(service: Service) -> None:
    """A refusal that is kept late must not hide that another process did it meanwhile."""
    first = post(service.editor, {"name": "Paper"})
    with service.services.database.transaction() as session:
        (kept,) = session.scalars(select(IdempotencyKey)).all()
        late = Repeatable(kept.api_key_id, kept.key, kept.fingerprint)
        keep_answer(session, late, clock.now(), status=409, headers={}, content="{}")
    assert is_replay(post(service.editor, {"name": "Paper"}), first)


def test_a_batch_is_done_once(service: Service) -> None:
    body = {"operations": [{"method": "POST", "path": "/tags", "body": {"name": name}} for name in ("One", "Two")]}
    first = post(service.editor, body, path="/api/v1/manage/batch")
    assert first.status_code == 200
    assert is_replay(post(service.editor, body, path="/api/v1/manage/batch"), first)
    assert count(service, Entry) == 2
