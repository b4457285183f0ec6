"""The mock provider of the earlier system, which made up its answers: refused here."""

from __future__ import annotations

from typing import Any, NoReturn

from ..errors import ProviderMissingError


class MockLLMProvider:
    """A name that scripts may know. There is no model behind it, so it cannot be made."""

    def __new__(cls, *_: Any, **__: Any) -> NoReturn:
        """Raise `ProviderMissingError`."""
        raise ProviderMissingError(
            "MockLLMProvider makes up its answers, and nothing made up gets into the database",
            hint="use OpenAIProvider with a model of your own or a local one",
        )
