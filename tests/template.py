"""The template of a migration, with its examples as code."""

from __future__ import annotations

import re

EXAMPLE = re.compile(r"^    # # (\d)\. .*?(?=^    # # \d\. |^\n)", re.MULTILINE | re.DOTALL)


def uncommented(text: str, *examples: str, verify: bool = False) -> str:
    """Return the script of the template with examples that run, as a contributor makes it."""
    for found in list(EXAMPLE.finditer(text)):
        if found[1] in examples:
            lines = re.sub(r"^    # ?", "    ", found[0], flags=re.MULTILINE)
            text = text.replace(found[0], lines)
    if verify:
        head, start, rest = text.partition("# async def verify")
        assert start
        text = head + re.sub(r"^# ", "", start + rest, flags=re.MULTILINE)
        text = text.replace("# EXPECT = ", "EXPECT = ")
    return text
