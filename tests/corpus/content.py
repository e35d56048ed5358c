"""What the small site of the corpus says: two languages, every kind of body, and every kind of fault in one."""

from typing import Any

Written = dict[str, Any]

SITE: Written = {
    "name": "Harbour & Reed",
    "tagline": "Bookbinding, by hand",
    "base_url": "https://harbour-and-reed.example",
    "title_template": "{title} | {site}",
    "default_locale": "en",
    "locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
    "url_patterns": {
        "home": "/",
        "articles": "/blog",
        "article": "/blog/{slug}",
        "faqs": "/faq",
        "faq": "/faq#{slug}",
        "authors": "/team",
        "author": "/team/{slug}",
        "tags": "/topics",
        "tag": "/topics/{slug}",
    },
    "navigation": [
        {"label": "Home", "url": "/", "children": []},
        {"label": "Courses", "url": "/courses", "children": [{"label": "First book", "url": "/courses/first"}]},
    ],
    "words_per_minute": 180,
    "logo": {"url": "https://harbour-and-reed.example/media/logo.png", "alt": "A reed", "width": 640, "height": 160},
}

TAGS: dict[str, Written] = {
    "repair": {"name": "Repair", "slug": "repair", "description": "Loose hinges and torn pages."},
    "paper": {"name": "Paper", "slug": "paper", "description": "Grain, weight & sizing."},
    "tools": {"name": "Tools", "slug": "tools"},
    "reparatur": {"name": "Reparatur", "slug": "reparatur", "locale": "de", "translation_of": "repair"},
    "papier": {"name": "Papier", "slug": "papier", "locale": "de", "translation_of": "paper"},
}

AUTHORS: dict[str, Written] = {
    "orla": {
        "name": "Orla Wrenmoor",
        "slug": "orla-wrenmoor",
        "credentials": "MA, DipBC",
        "job_title": "Bookbinder and founder",
        "bio": "Orla has mended books since 2009, and still reads *every one* of them.",
        "avatar": {"url": "/media/orla.jpg", "alt": "Orla at her bench", "width": 800, "height": 800},
        "website": "https://harbour-and-reed.example/orla",
        "extra": {"bench": 1},
    },
    "tobias": {"name": "Tobias Quellbrink", "slug": "tobias-quellbrink", "honorific_prefix": "Dr", "bio": "<b>x</b>"},
    "orla_de": {
        "name": "Orla Wrenmoor",
        "slug": "orla-wrenmoor-de",
        "locale": "de",
        "job_title": "Buchbinderin",
        "translation_of": "orla-wrenmoor",
    },
}

FAQS: dict[str, Written] = {
    "glue": {
        "question": "Which glue should I use?",
        "slug": "which-glue",
        "answer": "A **pH-neutral PVA**, mixed with wheat paste. See [the topic](/topics/repair).",
        "position": 2,
        "tags": ["repair"],
    },
    "tape": {"question": "Can I use tape?", "slug": "can-i-use-tape", "answer": "Please don't.", "position": 1},
    "dry": {
        "question": "How long must glue dry?",
        "slug": "how-long-must-glue-dry",
        "answer": {"format": "html", "source": "<p>Over <em>night</em>.</p><script>x()</script>"},
        "position": 3,
        "tags": ["repair", "paper"],
        "extra": {"hours": 12},
    },
    "kleber": {
        "question": "Welcher Kleber?",
        "slug": "welcher-kleber",
        "locale": "de",
        "answer": "Ein *säurefreier* Leim.",
        "tags": ["reparatur"],
        "translation_of": "which-glue",
    },
}

SOCIAL_LINKS: dict[str, Written] = {
    "linkedin": {
        "platform": "linkedin",
        "handle": "orla-wrenmoor",
        "label": "Orla on LinkedIn",
        "author": "orla-wrenmoor",
    },
    "youtube": {"platform": "youtube", "handle": "@orlas-bench", "author": "orla-wrenmoor", "position": 2},
    "mastodon": {"platform": "mastodon", "url": "https://social.example/@tobias", "author": "tobias-quellbrink"},
    "instagram": {"platform": "instagram", "handle": "harbourandreed", "position": 1},
    "other": {
        "platform": "other",
        "url": "https://profiles.example/harbour?a=1&b=2",
        "label": "Elsewhere",
        "position": 2,
    },
}

LONG_BODY = """\
Most of the books that come up our stairs are not falling apart. They are only tired at the hinge.

## What has happened

A cloth-bound book is made **twice**: see [the paste](/blog/wheat-paste), [the moved page](/blog/a-first-name),
[a page that is gone](/blog/no-such-page) and [here](https://elsewhere.example/).

| What you see | What it means |
| --- | :---: |
| The *cover* swings | `tired` hinge |
| Loose sections | broken sewing & glue |

#### A jump in the headings

1. Open the book
   - slowly
   - and flat
2. ~~Hurry~~

> Leave it, and the paper itself will tear next.

![](/media/needle.jpg) ![A needle](/media/needle.jpg "Steel")

```python
print("pages" * 3)
```

<div onclick="x()">Some <kbd>HTML</kbd></div><script>alert(1)</script>

---

ÄÖÜ ß — “quoted” 日本語 🙂
"""

BLOCKS: list[Written] = [
    {"_type": "markdown", "markdown": "## First, the paste\n\nIt has to be **warm**.\n"},
    {
        "_type": "html",
        "trust": "sandboxed",
        "html": "<canvas id='tide'></canvas>",
        "css": "canvas { width: 100% }",
        "js": "draw('</script>')",
        "height": 320,
        "title": "The tide today",
    },
    {"_type": "block", "listItem": "number", "children": [{"_type": "span", "text": "Soak"}]},
    {"_type": "block", "listItem": "number", "_key": "press", "children": [{"_type": "span", "text": "Press"}]},
    {
        "_type": "block",
        "style": "h3",
        "children": [{"_type": "span", "text": "Then "}, {"_type": "span", "text": "wait", "marks": ["em", "visit"]}],
        "markDefs": [{"_type": "link", "_key": "visit", "href": "/visit"}],
    },
    {"_type": "call-to-action", "label": "Book a first visit", "url": "/visit"},
    {
        "_type": "pull-out",
        "kind": "statistic",
        "value": "87 %",
        "content": [{"_type": "block", "children": [{"_type": "span", "text": "of spines can be saved"}]}],
    },
    {"_type": "embed", "url": "https://youtu.be/M7lc1UVf-VE?si=abc&t=90", "title": "At the bench"},
    {"_type": "image", "src": "/media/bench.jpg", "alt": "A bench", "caption": "The bench"},
    {"_type": "horizontal-rule"},
    {"_type": "code", "language": "python", "code": "print(1)"},
]

HTML_BODY = {
    "format": "html",
    "source": '<h1>Tools</h1><p style="x">A <a href="/blog/loose-spine" target="_blank">spine</a>.</p><ul><li>Awl</ul>',
}

ARTICLES: dict[str, Written] = {
    "paste": {
        "title": "Wheat paste from three ingredients",
        "slug": "wheat-paste",
        "summary": "Flour, water and patience.",
        "body": "Stir it.\n\n## Then stir again\n\nUntil it is smooth.\n",
        "published_at": "2026-01-10T08:30:00Z",
        "authors": ["tobias-quellbrink"],
        "tags": ["paper"],
    },
    "loose": {
        "title": "How to save a book with a loose spine",
        "slug": "loose-spine",
        "subtitle": "A loose spine is not a lost book",
        "body": LONG_BODY,
        "published_at": "2026-03-03T09:30:00+01:00",
        "featured": True,
        "authors": ["orla-wrenmoor", "tobias-quellbrink"],
        "tags": ["repair", "paper"],
        "faqs": ["which-glue", "can-i-use-tape", "how-long-must-glue-dry"],
        "related": ["wheat-paste"],
        "hero_image": {"url": "/media/spine.jpg", "alt": "A red book", "width": 1600, "height": 900},
        "calls_to_action": [
            {"label": "Book a place", "url": "/courses", "style": "primary"},
            {"label": "Send a photograph", "url": "https://harbour-and-reed.example/repairs#photo", "style": "link"},
        ],
        "seo": {"title": "Loose book spine: repair it at home", "description": "Two needles & a little glue."},
        "extra": {"difficulty": "beginner", "hours": [12, 0.5], "none": None},
        "note": "The flagship.",
    },
    "blocks": {
        "title": "A page of blocks",
        "slug": "a-page-of-blocks",
        "body": {"format": "blocks", "source": BLOCKS},
        "published_at": "2025-11-02T08:30:00Z",
        "authors": ["orla-wrenmoor"],
        "tags": ["tools"],
    },
    "tools": {
        "title": "Six tools for a first book",
        "slug": "six-tools",
        "body": HTML_BODY,
        "published_at": "2025-07-01T08:30:00Z",
        "authors": ["orla-wrenmoor"],
        "tags": ["tools", "repair"],
        "seo": {"noindex": True, "canonical_url": "https://elsewhere.example/tools"},
    },
    "spine_de": {
        "title": "Ein Buch mit losem Rücken retten",
        "slug": "loser-ruecken",
        "locale": "de",
        "translation_of": "loose-spine",
        "summary": "Mit zwei Stricknadeln und etwas Leim.",
        "body": "Schlagen Sie das Buch *langsam* auf.\n\n## Was geschehen ist\n\nDer Leim hält nicht mehr.\n",
        "published_at": "2026-03-04T09:30:00+01:00",
        "authors": ["orla-wrenmoor-de"],
        "tags": ["reparatur"],
        "faqs": ["welcher-kleber"],
    },
}

FRONT_MATTER = """\
---
title: A quiet morning
slug: a-quiet-morning
published_at: 2026-02-01T09:30:00+01:00
authors: [orla-wrenmoor]
tags:
  - repair
seo:
  title: A bookbinder's morning
extra: {mood: calm, hours: [7, 8.5], no: null}
note: From a file.
---

The door opens at eight.

## And closes at *noon*
"""
