"""The content types of the service, in reading order. To add one, add it to ``CONTENT_TYPES``."""

from cms.api.v1.articles import ARTICLES
from cms.api.v1.authors import AUTHORS
from cms.api.v1.faqs import FAQS
from cms.api.v1.schemas import ContentResource
from cms.api.v1.social_links import SOCIAL_LINKS
from cms.api.v1.tags import TAGS

CONTENT_TYPES: tuple[ContentResource, ...] = (ARTICLES, FAQS, AUTHORS, SOCIAL_LINKS, TAGS)
