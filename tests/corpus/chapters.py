"""The chapters of the corpus, in the order in which they are asked."""

from collections.abc import Callable

from tests.corpus import building, following, managing, reading, writing
from tests.corpus.recorder import Corpus

CHAPTERS: dict[str, Callable[[Corpus], None]] = {
    "building": building.build,
    "delivery": reading.deliver,
    "search": reading.search,
    "service": reading.serve,
    "delivery-node": reading.serve_elsewhere,
    "negotiation": reading.negotiate,
    "management": managing.manage,
    "preview": managing.preview,
    "writes": writing.write,
    "refusals": writing.refuse,
    "following": following.follow,
    "log": managing.log,
    "coming-due": following.come_due,
}
