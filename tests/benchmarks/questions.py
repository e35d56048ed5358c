"""What is asked: each kind of request, on a site of any size, with the growth that it is allowed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from cms import clock
from cms.articles import ARTICLE
from tests.benchmarks.content import APART, HOT_AUTHOR, HOT_TAG, NEWEST, SECOND_TAG, SHY_AUTHOR, Size, slug_of
from tests.benchmarks.load import Request
from tests.benchmarks.prose import RARE_WORD, Prose
from tests.service import Service

ARTICLES = "/api/v1/articles"
LIMIT = 20
STEP = 100
"""How many articles a walk to a deep page takes at a time: what it is asked by does not depend on where it began."""
PAGE = 400
TAG_PAGE = 50
SLUGS = 1000
KEPT = 20
"""How many addresses are asked for warm."""
GROWTH = 1.5
SEARCH_GROWTH = 3.0


@dataclass(frozen=True)
class Question:
    """One kind of request, and how much slower it may be on a site a hundred times as large.

    ``growth`` is ``None`` for what grows with the site by its nature; ``note`` says why.
    """

    name: str
    requests: Sequence[Request]
    status: int = 200
    growth: float | None = GROWTH
    note: str = ""

    @property
    def kept(self) -> Sequence[Request]:
        """The few that are asked for warm."""
        return self.requests[:KEPT]


def questions(service: Service, size: Size) -> Iterator[Question]:
    """Every kind, in reading order; finds the deep pages by walking to them."""
    slugs = [slug_of(each) for each in random.Random(1).sample(range(size.articles), min(SLUGS, size.articles))]
    items = [f"{ARTICLES}/{slug}" for slug in slugs]
    yield Question("item", _requests(*items))
    yield Question("item with every include", _requests(*(f"{each}?include={_includes()}" for each in items)))
    yield Question("item, 304", [_known(service, each) for each in items[:KEPT]], status=304)
    yield from _lists(size)
    yield from _deep_pages(service, size)
    yield from _searches(size)
    yield Question("feed (RSS)", _requests("/feeds/articles.rss"))


def _requests(*paths: str) -> list[Request]:
    return [Request(path) for path in paths]


def _includes() -> str:
    return ",".join(ARTICLE.includes)


def _known(service: Service, path: str) -> Request:
    return Request(path, {"If-None-Match": service.get(path).headers["ETag"]})


def _list(*parameters: tuple[str, str | int]) -> str:
    return f"{ARTICLES}?{urlencode([('limit', LIMIT), *parameters])}"


def _lists(size: Size) -> Iterator[Question]:
    yield Question("list of 20 with includes", _requests(_list(("include", "authors,tags,faqs"))))
    yield Question("hot tag", _requests(_list(("tag", HOT_TAG))))
    yield Question("rare tag", _requests(_list(("tag", size.rare_tag))))
    yield Question("two tags (or)", _requests(_list(("tag", HOT_TAG), ("tag", SECOND_TAG))))
    yield Question("tag and author", _requests(_list(("tag", HOT_TAG), ("author", HOT_AUTHOR))))
    yield Question("featured", _requests(_list(("featured", "true"))))
    yield Question("sorted by title", _requests(_list(("sort", "title"))))
    yield Question(
        "tag and author that never meet",
        _requests(_list(("tag", HOT_TAG), ("author", SHY_AUTHOR))),
        growth=None,
        note="reads all of the rarer one: no index knows that two of them never meet",
    )
    yield Question(
        "list with its total",
        _requests(_list(("include_total", "true"))),
        growth=None,
        note="counts all of an index: an exact number of what is live at an instant cannot be kept",
    )


def _deep_pages(service: Service, size: Size) -> Iterator[Question]:
    middle = clock.to_wire(NEWEST - APART * (size.articles // 2) + timedelta(seconds=1))
    yield from _deep(service, "page", _list(), PAGE, size.articles)
    yield from _deep(service, "hot tag, page", _list(("tag", HOT_TAG)), TAG_PAGE, size.articles // 10)
    yield from _deep(service, "from the middle, page", _list(("published_at__lt", middle)), 2, size.articles // 2)


def _deep(service: Service, name: str, path: str, page: int, articles: int) -> Iterator[Question]:
    """The page of this number, or the last full one before that."""
    page = max(1, min(page, articles // LIMIT - 1))
    cursor = _walked(service, path, (page - 1) * LIMIT)
    yield Question(f"{name} {page}", _requests(f"{path}&{urlencode({'cursor': cursor})}" if cursor else path))


def _walked(service: Service, path: str, articles: int) -> str | None:
    """The cursor after so many articles of a list."""
    cursor = None
    while articles:
        step = min(STEP, articles)
        after = f"&{urlencode({'cursor': cursor})}" if cursor else ""
        asked = path.replace(f"limit={LIMIT}", f"limit={step}") + "&fields=id" + after
        cursor = service.get(asked).get_json()["page"]["next"]
        articles -= step
    return cursor


def _searches(size: Size) -> Iterator[Question]:
    prose = Prose(size.body_bytes)
    for name, word in (("hot", prose.hot_word), ("usual", prose.mid_word), ("rare", RARE_WORD)):
        path = f"/api/v1/search?{urlencode({'q': word, 'limit': LIMIT})}"
        yield Question(f"search, {name} word", _requests(path), growth=SEARCH_GROWTH)
    for name, word in (("hot", prose.hot_word), ("usual", prose.mid_word)):
        yield Question(f"list by {name} word", _requests(_list(("q", word))), growth=SEARCH_GROWTH)
