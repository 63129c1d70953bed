"""The gallery: letters that a message is started from. Files, no tables."""
