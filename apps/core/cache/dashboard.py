"""Where the figures of the home page are kept, and how they are forgotten.

A bulk write sends no signals; its author (an import) calls ``forget_figures`` itself.
"""

from __future__ import annotations

from django.core.cache import cache

from apps.core.contracts import Actor

_EVERYBODY = "figures:all"


def figures_key(actor: Actor) -> str:
    """Own figures for everybody; those who oversee share the global ones, under another key."""
    return _EVERYBODY if actor.sees_all else f"figures:{actor.pk}"


def forget_figures(owner_id: int) -> None:
    """Drop the kept figures that the rows of this owner are counted in."""
    cache.delete_many([_EVERYBODY, f"figures:{owner_id}"])
