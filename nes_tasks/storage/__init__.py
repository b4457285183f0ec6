"""The database repository: git, and nothing but git."""
