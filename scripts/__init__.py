"""Programs for developers: what they make is kept in the repository."""
