"""The measured links of a run's letters, and who followed them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrackedLink(models.Model):
    """A link of one content of a run: where it leads, and how often it was followed.

    ``version`` is that of the content, ``number`` counts from 1 in the order of the letter.
    ``address`` may hold placeholders; ``block`` is the block of the document it stands in,
    ``label`` what a reader sees. ``persons``: who followed it; ``clicks``: how often; beside them
    ``machine_clicks``. Where only totals are measured, ``clicks`` alone grows.
    """

    run: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run", on_delete=models.CASCADE, related_name="tracked_links", db_index=False
    )
    version: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    number: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    address: models.TextField[str, str] = models.TextField(_("address"))
    label: models.CharField[str, str] = models.CharField(_("text"), max_length=200, blank=True)
    block: models.CharField[str, str] = models.CharField(max_length=40, blank=True)
    persons: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    clicks: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    machine_clicks: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["run", "version", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "version", "number"], name="tracked_link_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.address}"


class LinkEngagement(models.Model):
    """A person who followed a link of a letter: how often, and when first."""

    link: models.ForeignKey[TrackedLink, TrackedLink] = models.ForeignKey(
        TrackedLink, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    #: Without a constraint: a delivery goes only with its run.
    delivery_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    clicks: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    first_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        constraints = [
            models.UniqueConstraint(fields=["link", "delivery_id"], name="link_engagement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.delivery_id}"
