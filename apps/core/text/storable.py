"""Texts that a database keeps: whole characters, and no NUL."""

from __future__ import annotations


def is_whole(text: str) -> bool:
    """True without half of a character (a lone surrogate), which UTF-8 cannot write."""
    return text.encode(errors="ignore").decode() == text


def is_storable(text: str) -> bool:
    """True for what both databases take as it is."""
    return "\0" not in text and is_whole(text)


def storable(text: str) -> str:
    """The text with a question mark for each half of a character, and without NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
