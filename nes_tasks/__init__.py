"""The migration system of an open, git-versioned database."""

__version__ = "0.1.0"
