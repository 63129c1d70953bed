"""Calls that must not be done twice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotentCall(models.Model):
    """A call with an Idempotency-Key, and what was answered (``status`` 0: not answered yet).

    ``fingerprint`` is the SHA-256 of method, path and body.
    """

    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key: models.CharField[str, str] = models.CharField(max_length=255)
    fingerprint: models.CharField[str, str] = models.CharField(max_length=64)
    status: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    body: models.TextField[str, str] = models.TextField(blank=True)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("call of the API")
        verbose_name_plural = _("calls of the API")
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotent_call_once"),
        ]

    def __str__(self) -> str:
        return self.key
