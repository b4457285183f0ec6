"""The web scrapers and what makes them polite, under the module that scripts import."""

from __future__ import annotations

from .rate_limiter import RateLimiter as RateLimiter
from .retry import RetryHandler as RetryHandler
from .web import WebScraper as WebScraper
from .wikipedia import WikipediaScraper as WikipediaScraper
