"""Django's backend for PostgreSQL with a flush that waits for no disk."""
