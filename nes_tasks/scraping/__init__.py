"""Taking data from outside: texts, web pages, Wikipedia, language models.

Everything works on what it is given and makes nothing up. Importing it loads the standard
library only; httpx, an HTML parser and the like are loaded when they are used; an error names the
extra to install. `recording` keeps the network's answers in the migration's folder, so that the
migration is reproducible.

Names and signatures are those of the legacy system. Where its behaviour was wrong and no
migration depends on it, this one differs:

1. No mock. Without a provider a call that needs one raises `ProviderMissingError`, and
   `MockLLMProvider` cannot be made. The earlier one answered with invented text.
2. ``normalize_person_data`` leaves out the sub type "politician", which people cannot have: its
   result can be given to ``create_entity``. Its names are whole; they are not split into given
   and family name, which is a guess.
3. ``extract_relationships`` gives only types that the database has. Positions held
   (HELD_POSITION) are attributes of a person, found by `AttributeExtractor`; WORKED_UNDER has
   no counterpart. Family relations are not extracted, as the database had them removed.
   Each result has its sentence as ``evidence``. A year without a day is ``start_year``, since
   ``start_date`` would be read as another date or need an invented day.
4. ``extract_from_wikipedia`` returns None when there is no such page, and for nothing else. A
   failure is raised: a migration must not go on without its data. So is a title that several
   pages share.
5. ``extract_relationships`` returns [] when nothing is stated; an id that is none is a
   `ValueError`. ``search_external_sources`` refuses an unknown source, which was ignored.
6. ``transliteration`` in a translation is the Nepali side in Roman letters, by rule.
7. ``normalize_name`` and ``extract_data``, which the earlier guides used, exist; both are
   coroutines like the other methods.
8. Providers ask by HTTP themselves instead of importing an SDK; a key is needed when a server
   is really asked, so a recorded migration needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_exports

if TYPE_CHECKING:
    from .exchange import Credentials as Credentials
    from .http_client import RateLimiter as RateLimiter
    from .http_client import RetryHandler as RetryHandler
    from .person import AttributeExtractor as AttributeExtractor
    from .person import DataNormalizer as DataNormalizer
    from .person import DataQualityAssessor as DataQualityAssessor
    from .person import NameExtractor as NameExtractor
    from .person import RelationshipExtractor as RelationshipExtractor
    from .person import normalize_name as normalize_name
    from .recording import Mode as Mode
    from .recording import Recording as Recording
    from .service import ScrapingService as ScrapingService
    from .translation import Translator as Translator
    from .translation import detect_language as detect_language
    from .translation import romanize as romanize
    from .web import WebScraper as WebScraper
    from .wikipedia import WikipediaScraper as WikipediaScraper

_NAMES = {
    "exchange": "Credentials",
    "http_client": "RateLimiter RetryHandler",
    "person": "AttributeExtractor DataNormalizer DataQualityAssessor NameExtractor"
    " RelationshipExtractor normalize_name",
    "recording": "Mode Recording",
    "service": "ScrapingService",
    "translation": "Translator detect_language romanize",
    "web": "WebScraper",
    "wikipedia": "WikipediaScraper",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
