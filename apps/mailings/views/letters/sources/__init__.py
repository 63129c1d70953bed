"""Pages that make a message of another one, or of a file."""
