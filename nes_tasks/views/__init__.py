"""Views: what runs did, or would do, as data. They read and never change the database."""
