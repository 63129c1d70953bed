"""How the feeds of mailings stand."""
