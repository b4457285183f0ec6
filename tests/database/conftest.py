"""Every test here runs git, so none may see the configuration of the person who runs it."""

from isolation import database, isolated

__all__ = ["database", "isolated"]
