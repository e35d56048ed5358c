"""Endpoint classes stand once in the code, and each content type has its own contracts of them."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from cms.api import about as service_routes
from cms.api.http.contract import contract_of
from cms.api.v1.articles import ARTICLES
from cms.api.v1.authors import AUTHORS
from cms.api.v1.delivery.entries import ROUTES as DELIVERED
from cms.api.v1.delivery.entries import Moved
from cms.api.v1.management.entries import Entries, Entry
from cms.api.v1.routes import every_route
from cms.api.v1.social_links import SOCIAL_LINKS
from cms.api.v1.type_endpoint import of_type
from cms.app import ContractError, create_app
from cms.catalog import CONTENT_TYPES
from cms.settings import Settings
from tests.service import SECRET
from tests.workshops.schemas import WORKSHOPS

CATALOG = (*CONTENT_TYPES, WORKSHOPS)


def contracts(endpoint: Any) -> dict[str, Any]:
    """The contract of each method of an endpoint."""
    names = ("get", "post", "put", "patch", "delete")
    return {name: contract_of(getattr(endpoint, name)) for name in names if hasattr(endpoint, name)}


def test_a_type_has_its_own_schemas_operations_and_texts() -> None:
    articles, links = of_type(Entry, ARTICLES), of_type(Entry, SOCIAL_LINKS)
    assert contracts(articles)["put"].body is ARTICLES.written
    assert contracts(links)["put"].body is SOCIAL_LINKS.written
    assert contracts(articles)["patch"].operation_id == "updateArticle"
    assert contracts(links)["patch"].operation_id == "updateSocialLink"
    assert articles.get.__doc__ == "Get the draft of an article."
    assert links.get.__doc__ == "Get the draft of a social link."
    assert "slug-taken" in contracts(articles)["put"].problems
    assert "slug-taken" not in contracts(links)["put"].problems


def test_an_answer_is_declared_only_of_the_types_that_can_give_it() -> None:
    (item,) = (endpoint for path, endpoint in DELIVERED if path == "/<name>")
    assert contracts(of_type(item, AUTHORS))["get"].answers[308].schema is Moved
    assert contracts(of_type(item, SOCIAL_LINKS))["get"].answers.keys() == {200}


def test_what_one_type_declares_changes_nothing_for_another() -> None:
    articles, declared = of_type(Entries, ARTICLES), contracts(Entries)
    before = contracts(articles)
    of_type(Entries, AUTHORS)
    assert contracts(articles) == before
    assert contracts(Entries) == declared


def test_a_contract_cannot_be_changed() -> None:
    contract = contract_of(Entries.post)
    with pytest.raises(FrozenInstanceError):
        contract.scope = "keys:write"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        contract.answers[201].schema = None  # type: ignore[misc]


def test_the_same_content_types_have_the_same_routes() -> None:
    assert every_route(list(CONTENT_TYPES)) is every_route(CONTENT_TYPES)
    before = list(every_route(CONTENT_TYPES))
    with_workshops = every_route(CATALOG)
    assert any(path.endswith("/workshops") for _, path, _ in with_workshops)
    assert list(every_route(CONTENT_TYPES)) == before
    shared = {path: endpoint for _, path, endpoint in before}
    for _, path, endpoint in with_workshops:
        if path.endswith("/events"):
            assert endpoint is not shared[path], "The audit log of one catalogue names its types alone."


def test_an_endpoint_of_types_serves_nothing_by_itself(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'cms.db'}", secret_key=SECRET)
    more = ("service", "/api/v1/more", Entries)
    monkeypatch.setattr(service_routes, "ROUTES", (*service_routes.ROUTES, more))
    with pytest.raises(ContractError, match="GET /api/v1/more must have an operation id"):
        create_app(settings)
