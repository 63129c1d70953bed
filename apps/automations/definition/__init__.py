"""An automation as data, and whether it can be used."""
