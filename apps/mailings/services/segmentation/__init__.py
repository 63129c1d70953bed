"""Segments and what they ask: custom fields and activity."""
