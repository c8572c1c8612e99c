"""Statistics over plain numbers. Knows nothing of the database."""
