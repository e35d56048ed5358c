"""A sixth content type, made as the five are: a table, JSON-LD, a declaration, two schemas, a line in the catalogue.

In ``cms/`` this folder would be ``cms/workshops/``, and ``schemas.py`` would be ``cms/api/v1/workshops.py``. It has
no more than a type needs; ``tests/test_sixth_type.py`` shows what the type gets for it.
"""

from cms.content.types import (
    ByReference,
    ByTime,
    ContentType,
    EntryFeed,
    FeedFilter,
    LinkList,
    Meanings,
    Reference,
    Searched,
)
from tests.workshops.model import WorkshopEntry
from tests.workshops.seo import LINKED_DATA

WORKSHOP = ContentType(
    name="workshop",
    plural="workshops",
    model=WorkshopEntry,
    label=lambda content: str(content["name"]),
    sorts={"starts_at": "sort_time", "-starts_at": "sort_time", "name": "sort_text"},
    bodies=("description",),
    left_out_of_lists=("description",),
    references=(Reference("hosts", "author", default="short"),),
    filters=(ByReference("host", "hosts", everywhere=True), ByTime("starts_at", "sort_time")),
    includes=("hosts", "hosts.social_links", "jsonld"),
    sort_time="starts_at",
    searched=Searched("name", summary=("venue",)),
    meanings=Meanings(body="description", people="hosts"),
    linked_data=LINKED_DATA,
    feed=EntryFeed(filters=(FeedFilter("host", "only workshops of this host", example="orla-wrenmoor"),)),
    llms=LinkList("starts_at", note="venue"),
)
