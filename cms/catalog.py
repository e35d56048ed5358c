"""The content types of the service, in reading order. Adding one is one line here."""

from cms.api.v1.articles import ARTICLES
from cms.api.v1.authors import AUTHORS
from cms.api.v1.faqs import FAQS
from cms.api.v1.schemas import ContentResource
from cms.api.v1.social_links import SOCIAL_LINKS
from cms.api.v1.tags import TAGS

CONTENT_TYPES: tuple[ContentResource, ...] = (ARTICLES, FAQS, AUTHORS, SOCIAL_LINKS, TAGS)
