"""How fast readers are answered and counted."""
