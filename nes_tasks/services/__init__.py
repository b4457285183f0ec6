"""The services of migration scripts: the entity database, publication and search."""
