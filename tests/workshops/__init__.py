"""A sixth content type, made as the five are: a model, a type, two schemas and one entry of the catalogue.

In ``cms/`` this folder would be ``cms/workshops/``, and ``wire.py`` would be ``cms/api/v1/workshops.py``. Nothing here
is more than a type needs; ``tests/test_sixth_type.py`` shows what it gets for it.
"""

from cms.content.types import ByReference, ByTime, ContentType, Reference
from tests.workshops.model import WorkshopEntry

WORKSHOP = ContentType(
    name="workshop",
    plural="workshops",
    model=WorkshopEntry,
    label=lambda content: str(content["name"]),
    sorts={"starts_at": "sort_time", "-starts_at": "sort_time", "name": "sort_text"},
    bodies=("description",),
    left_out_of_lists=("description",),
    references=(Reference("hosts", "author", default="short"),),
    filters=(ByReference("host", "hosts"), ByTime("starts_at", "sort_time")),
    includes=("hosts", "hosts.social_links"),
    sort_time="starts_at",
)
