"""The writers of rows: one for every kind of block."""
