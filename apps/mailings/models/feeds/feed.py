"""The feed of a repeated mailing: what it has brought, and what was sent of it."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedQuerySet
from apps.mailings.models.ledger import Run
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.media import MediaFile

MOST_ITEMS: Final = 50
MOST_TO_BEGIN_WITH: Final = 10


class PartOfMailingQuerySet(OwnedQuerySet[Any]):
    owner_path = "mailing__owner_id"


class ItemQuerySet(OwnedQuerySet[Any]):
    owner_path = "feed__mailing__owner_id"


#: What reading it leaves behind.
_READING = frozenset(
    {
        *("title", "moved_to", "hosts", "etag", "last_modified", "started_at", "read_at"),
        *("read_for", "passed_for", "next_at", "failures", "failure", "held_until"),
    }
)


class Feed(BaseModel):
    """The address whose new items are the content of a repeated mailing.

    ``started_at``: of the first reading, when what was older than ``begin_with`` was left out.
    ``read_for`` and ``passed_for`` are the starts of occurrences: for which it was last read, and
    which was last passed over. ``next_at``: when it is read next, because somebody asked or because
    the last try failed; ``failure`` is why, as text.formatting keeps a refusal. ``held_until``: a
    process is reading it. ``hosts``: where it and its site were seen, so that an item that has
    moved with them is known again.
    """

    audit = AuditRule(name="title", quiet=_READING, hidden=frozenset({"url"}))

    class Order(models.TextChoices):
        NEWEST = "newest", _("Newest first")
        OLDEST = "oldest", _("Oldest first")

    mailing: models.OneToOneField[Mailing, Mailing] = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, related_name="feed", verbose_name=_("mailing")
    )
    url: models.CharField[str, str] = models.CharField(_("address of the feed"), max_length=2000)
    limit: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("items in a message at most"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ITEMS)],
    )
    at_least: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("send from so many new items"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ITEMS)],
    )
    begin_with: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("begin with so many items"),
        default=3,
        validators=[MaxValueValidator(MOST_TO_BEGIN_WITH)],
    )
    order: models.CharField[str, str] = models.CharField(
        pgettext_lazy("feed", "order"), max_length=6, choices=Order, default=Order.NEWEST
    )
    title: models.CharField[str, str] = models.CharField(max_length=300, blank=True)
    moved_to: models.CharField[str, str] = models.CharField(max_length=2000, blank=True)
    hosts: models.JSONField[list[str], list[str]] = models.JSONField(default=list, blank=True)
    etag: models.CharField[str, str] = models.CharField(
        _("version mark (ETag)"), max_length=500, blank=True
    )
    last_modified: models.CharField[str, str] = models.CharField(max_length=100, blank=True)
    started_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    read_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    read_for: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    passed_for: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    next_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    failure: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    held_until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = PartOfMailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        indexes = [
            models.Index(fields=["next_at"], name="feed_due", condition=Q(next_at__isnull=False))
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__gte=1, limit__lte=MOST_ITEMS), name="feed_limit"
            ),
            models.CheckConstraint(
                condition=Q(at_least__gte=1, at_least__lte=MOST_ITEMS), name="feed_at_least"
            ),
            models.CheckConstraint(
                condition=Q(begin_with__lte=MOST_TO_BEGIN_WITH), name="feed_begin_with"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def address(self) -> str:
        """Where it is asked for: a redirect that is for good is followed once and for all."""
        return self.moved_to or self.url


class FeedItem(models.Model):
    """One item of a feed, known for ever by its key.

    It waits while ``taken_at`` is empty. ``run`` is set by the transaction that creates the run
    which sends it; an item that was left out when the feed began has none. ``dated_at`` is its
    publication, or when it was found; ``position`` its place in the feed from the top. ``image``:
    the address of its picture, ``media`` our copy of it, ``image_tried`` that it was asked for.
    """

    feed: models.ForeignKey[Feed, Feed] = models.ForeignKey(
        Feed, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    key: models.CharField[str, str] = models.CharField(max_length=64)
    title: models.CharField[str, str] = models.CharField(max_length=300, blank=True)
    link: models.CharField[str, str] = models.CharField(max_length=2000, blank=True)
    summary: models.TextField[str, str] = models.TextField(blank=True)
    html: models.TextField[str, str] = models.TextField(blank=True)
    author: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
    image: models.CharField[str, str] = models.CharField(max_length=2000, blank=True)
    image_tried: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    media: models.ForeignKey[MediaFile | None, MediaFile | None] = models.ForeignKey(
        MediaFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="feed_items"
    )
    published_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    dated_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    position: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    found_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    run: models.ForeignKey[Run | None, Run | None] = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="feed_items"
    )
    taken_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of a feed")
        verbose_name_plural = _("items of feeds")
        ordering = ["-dated_at", "position", "-id"]
        indexes = [
            models.Index(
                fields=["feed", "dated_at"], name="feed_item_waits", condition=Q(taken_at=None)
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["feed", "key"], name="feed_item_unique"),
            models.CheckConstraint(
                condition=Q(run__isnull=True) | Q(taken_at__isnull=False), name="feed_item_taken"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.link or self.key


class FeedCheck(models.Model):
    """One line of the feed's history: read, not read and why, passed over, offered again.

    ``occurrence`` is the start that it was done for; ``found`` and ``fresh`` count the items of the
    document and the new ones among them, or for the last two codes those that waited or wait again.
    """

    class Code(models.TextChoices):
        READ = "read", pgettext_lazy("feed", "Read")
        UNCHANGED = "unchanged", pgettext_lazy("feed", "Not changed")
        UNREACHABLE = "feed_unreachable", pgettext_lazy("feed", "Not reachable")
        INVALID = "feed_invalid", pgettext_lazy("feed", "No feed")
        NO_ITEMS = "feed_no_items", pgettext_lazy("feed", "Too few new items")
        OFFERED = "offered_again", pgettext_lazy("feed", "Offered again")

    mailing: models.ForeignKey[Mailing, Mailing] = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="feed_checks", db_index=False
    )
    code: models.CharField[str, str] = models.CharField(max_length=20, choices=Code)
    passed: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    occurrence: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    found: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    fresh: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    run_number: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True, blank=True
    )
    actor: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at: models.DateTimeField[Any, Any] = models.DateTimeField()

    objects = PartOfMailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of a feed")
        verbose_name_plural = _("checks of feeds")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["mailing", "-at"], name="feed_check_of_mailing")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.code}"
