"""Finds the entries that filters name by id or by slug. A slug names the entry in the best locale of a chain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Integer, Select, String, cast, func, literal, null, select, union_all

from cms.content.locales import best_by_name
from cms.content.published.perspective import Perspective, StatementView, is_live_at, link_counts
from cms.db import is_among, unindexed
from cms.identifiers import is_identifier

Form = Literal["id", "slug"]


@dataclass(frozen=True)
class Naming:
    """A parameter that names entries of a type."""

    parameter: str
    type: str
    counted: tuple[str | None, str | None] | None = None
    """The field and the type of the references to count, each ``None`` for any. ``None`` if nothing is counted."""


@dataclass(frozen=True)
class Named:
    """A live entry that was named. ``number`` counts the live entries that refer to it, if it was asked for."""

    entry_id: str
    publication_id: str
    number: int | None


def find_named(
    connection: Connection,
    asked: Mapping[Naming, Sequence[str]],
    chain: Sequence[str],
    perspective: Perspective,
) -> dict[str, list[Named]]:
    """The named entries by parameter, each once, best locales first. Runs one statement, or none without names.

    A name that no live entry has is left out.
    """
    values: dict[str, Any] = {"at": perspective.at, "chain": list(chain)}
    forms: list[tuple[Naming, Form]] = []
    for naming, names in asked.items():
        ids = [name for name in names if is_identifier(name)]
        slugs = [name for name in names if not is_identifier(name)]
        values |= {f"{naming.parameter}_id": ids, f"{naming.parameter}_slug": slugs}
        given: dict[Form, list[str]] = {"id": ids, "slug": slugs}
        forms += [(naming, form) for form, those in given.items() if those]
    rows = connection.execute(_names_statement(tuple(forms), perspective.view), values).all() if forms else []
    return {
        naming.parameter: _entries(best_by_name([row for row in rows if row.parameter == naming.parameter], chain))
        for naming in asked
    }


def _entries(chosen: Mapping[str, Any]) -> list[Named]:
    entries = {row.entry_id: Named(row.entry_id, row.publication_id, row.number) for row in chosen.values()}
    return list(entries.values())


@lru_cache(maxsize=256)
def _names_statement(asked: tuple[tuple[Naming, Form], ...], view: StatementView) -> Any:
    """One branch for the ids and one for the slugs of each parameter, because each form has an index of its own."""
    return union_all(*(_branch(naming, form, view) for naming, form in asked))


def _branch(naming: Naming, form: Form, view: StatementView) -> Select[Any]:
    target = view.rows.publications.alias()
    live = is_live_at(target, current=view.current)
    columns = (
        literal(naming.parameter, String, literal_execute=True).label("parameter"),
        target.c.entry_id,
        target.c.id.label("publication_id"),
        target.c.locale,
        _number(naming, target.c.entry_id, view).label("number"),
    )
    if form == "id":
        return select(*columns, cast(target.c.entry_id, String).label("name")).where(
            unindexed(target.c.type) == naming.type, is_among(target.c.entry_id, f"{naming.parameter}_id"), live
        )
    return select(*columns, target.c.slug.label("name")).where(
        target.c.type == naming.type,
        is_among(target.c.locale, "chain"),
        is_among(target.c.slug, f"{naming.parameter}_slug"),
        live,
    )


def _number(naming: Naming, target_id: Any, view: StatementView) -> Any:
    if naming.counted is None or not view.is_counted:
        return cast(null(), Integer)
    field, type_name = naming.counted
    count = link_counts.alias()
    number = select(func.sum(count.c.number)).where(count.c.target_id == target_id)
    if field is not None:
        number = number.where(count.c.field == field)
    if type_name is not None:
        number = number.where(count.c.type == type_name)
    return cast(func.coalesce(number.scalar_subquery(), 0), Integer)
