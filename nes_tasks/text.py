"""Text from outside (file names, values of scripts): escaped, quoted, compared.

A name can contain terminal escape sequences or bidi overrides, which hide its real text from a
reviewer.
"""

from __future__ import annotations

import re
import unicodedata

# Control characters, line and paragraph separators, overrides of the writing direction
# (https://trojansource.codes) and bytes that are not UTF-8, which Python gives as surrogates.
# The joiners U+200C and U+200D stay allowed: Devanagari cannot be written without them.
CONTROL_CHARS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

MAX_QUOTED = 120


def escape_control(text: str) -> str:
    """Return `text` with every control character as a Python escape."""
    return CONTROL_CHARS.sub(lambda found: ascii(found.group())[1:-1], text)


def quote(text: str) -> str:
    """Return at most `MAX_QUOTED` characters of `text` in quotes, control characters escaped."""
    return f"'{escape_control(truncate(text, MAX_QUOTED))}'"


def truncate(text: str, limit: int) -> str:
    """Return `text` with at most `limit` characters, the last one an ellipsis if it is cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def casefold_key(text: str) -> str:
    """Return a key that is equal for texts that differ only in case or in Unicode's composed form.

    Normalized before and after folding, since folding can take characters apart: the caseless
    matching of https://www.unicode.org/versions/latest/core-spec/chapter-3/#G53253
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def move_command(source: str, target: str) -> str:
    """Return the command that renames a migration folder, ready to be pasted into a shell.

    A source that cannot be typed is described instead.
    """
    import shlex

    if CONTROL_CHARS.search(source):
        return f"rename it to {target}"
    return f"mv {shlex.quote(source)} {shlex.quote(target)}"
