"""Public endpoints and the pages of events."""
