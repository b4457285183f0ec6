"""What migration scripts work with: the entity database, publication and search."""
