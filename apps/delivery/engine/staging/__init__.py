"""Bringing the files of single recipients, after the freeze and before the first claim."""
