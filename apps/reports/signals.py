"""Forgets kept figures when their rows change. Signals do nothing else in this project."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.core.cache.dashboard import forget_figures
from apps.mailings.models import Mailing, Recipient


@receiver([post_save, post_delete], sender=Mailing)
@receiver([post_save, post_delete], sender=Recipient)
def forget(sender: Any, instance: Mailing | Recipient, **kwargs: Any) -> None:
    """The owner's figures, and the global ones, are counted again next time."""
    if isinstance(instance, Recipient) or instance.kind == Mailing.Kind.MAILING:
        forget_figures(instance.owner_id)
