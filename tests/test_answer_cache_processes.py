"""Two real servers on one database: a write through one is visible at once in the answers of the other."""

import re
from pathlib import Path

import pytest

from tests.processes import Client, new_key, serving, variables

pytestmark = pytest.mark.process

HIT = re.compile(r"cms; hit; ttl=\d+")
WRITES = 30


def test_no_process_sends_what_another_has_replaced(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    key = new_key(database_url)
    with (
        serving("--without-worker", folder=tmp_path, settings=settings) as first,
        serving("--without-worker", folder=tmp_path, settings=settings) as second,
    ):
        editor, reader = Client(first.port, key), Client(second.port)
        made = editor.request("POST", "/api/v1/manage/articles?publish=true", json={"title": "0", "slug": "one"})
        path = f"/api/v1/manage/articles/{made.expect(201).data['id']}"
        hits = 0
        for number in range(1, WRITES):
            # Two processes answer on each port: several questions reach the memory of both.
            before = [reader.get("/api/v1/articles/one").expect(200) for _ in range(4)]
            hits += sum(bool(HIT.fullmatch(each.headers["cache-status"])) for each in before)
            assert {each.data["title"] for each in before} == {str(number - 1)}
            editor.request("PATCH", path, json={"title": str(number)}, if_match="*").expect(200)
            editor.request("PUT", f"{path}/publication", json={}, if_match="*").expect(200)
        assert hits > WRITES
