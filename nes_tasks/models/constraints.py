"""Limits on identifiers and slugs, as the published database has them."""

from __future__ import annotations

MIN_SLUG_LENGTH = 3
MAX_SLUG_LENGTH = 100
# A leading, trailing or doubled hyphen is allowed: published slugs have them.
SLUG_PATTERN = "^[a-z0-9-]+$"

MAX_TYPE_LENGTH = 16
MAX_SUBTYPE_LENGTH = 25
MAX_ID_LENGTH = 32
MAX_PREFIX_DEPTH = 4

MAX_SHORT_DESCRIPTION_LENGTH = 300
MAX_DESCRIPTION_LENGTH = 5000
