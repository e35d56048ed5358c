"""No field of an answer can be written unless it is declared as written: each is refused by name, by every way in."""

from typing import Any

from cms.catalog import CONTENT_TYPES
from tests.service import Service, written

NEW_ID = "0199c0de-0000-7000-8000-00000000000"


def test_every_field_that_is_only_answered_is_refused_by_name(service: Service) -> None:
    for number, resource in enumerate(CONTENT_TYPES):
        plural = resource.type.plural
        path = f"/api/v1/manage/{plural}"
        answered = {*resource.managed._declared_fields, *resource.delivered._declared_fields, "created_at", "revision"}
        only_answered = sorted(answered - set(resource.written._declared_fields))
        assert {"id", "version", "status", "etag"} <= set(only_answered)
        entry = service.admin.create(plural)
        extra: dict[str, Any] = dict.fromkeys(only_answered, "mine")
        body = written(plural) | extra
        operation = {"method": "POST", "path": f"/{plural}", "body": body}
        answers = {
            "POST": service.admin.post(path, json=body),
            "PUT": service.admin.put(f"{path}/{entry['id']}", json=body, if_match="*"),
            "PUT, new": service.admin.put(f"{path}/{NEW_ID}{number}", json=body, headers={"If-None-Match": "*"}),
            "PATCH": service.admin.patch(f"{path}/{entry['id']}", json=extra, if_match="*"),
            "batch": service.admin.post("/api/v1/manage/batch", json={"operations": [operation]}),
        }
        for way, response in answers.items():
            assert response.status_code == 422, (plural, way)
            unknown = {
                each["pointer"].rpartition("/")[2]
                for each in response.get_json()["errors"]
                if each["code"] == "unknown_field"
            }
            assert unknown == set(only_answered), (plural, way)
        assert service.admin.read(plural, entry) == entry
        assert service.admin.get(f"{path}/{NEW_ID}{number}").status_code == 404
