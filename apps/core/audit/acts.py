"""What can be done, in the words of the audit log."""

from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy


class Act(models.TextChoices):
    """One act. Its code never changes: exports and programs know it."""

    CREATED = "created", pgettext_lazy("audit", "created")
    CHANGED = "changed", pgettext_lazy("audit", "changed")
    DELETED = "deleted", pgettext_lazy("audit", "deleted")
    ERASED = "erased", pgettext_lazy("audit", "erased as a person")
    TAGGED = "tagged", pgettext_lazy("audit", "tagged")
    UNTAGGED = "untagged", pgettext_lazy("audit", "tag removed")
    IMPORTED = "imported", pgettext_lazy("audit", "imported")
    EXPORTED = "exported", pgettext_lazy("audit", "exported")

    LAUNCHED = "launched", pgettext_lazy("audit", "sending started")
    PAUSED = "paused", pgettext_lazy("audit", "sending paused")
    RESUMED = "resumed", pgettext_lazy("audit", "sending resumed")
    STOPPED = "stopped", pgettext_lazy("audit", "sending stopped")
    RESET = "reset", pgettext_lazy("audit", "prepared to be sent again")
    STATUS_SET = "status_set", pgettext_lazy("audit", "status changed manually")
    CONTENT_REPLACED = "content_replaced", pgettext_lazy("audit", "content of a run replaced")
    RETRIED = "retried", pgettext_lazy("audit", "failed deliveries retried")
    CONTINUED = "continued", pgettext_lazy("audit", "sent to the remaining")
    JOINED = "joined", pgettext_lazy("audit", "recipient added to a run")
    RESOLVED = "resolved", pgettext_lazy("audit", "unknown deliveries resolved")
    TEST_SENT = "test_sent", pgettext_lazy("audit", "test message sent")
    PAUSE_LIFTED = "pause_lifted", pgettext_lazy("audit", "stop for complaints lifted")

    SIGNED_IN = "signed_in", pgettext_lazy("audit", "signed in")
    SIGNED_OUT = "signed_out", pgettext_lazy("audit", "signed out")
    SIGNED_UP = "signed_up", pgettext_lazy("audit", "signed up")
    SIGN_IN_FAILED = "sign_in_failed", pgettext_lazy("audit", "sign-in failed")
    PASSWORD_SET = "password_set", pgettext_lazy("audit", "password changed")
    SECOND_FACTOR = "second_factor", pgettext_lazy("audit", "two-step sign-in changed")
    ADDRESS = "address", pgettext_lazy("audit", "address of an account changed")
    TOKEN_USED = "token_used", pgettext_lazy("audit", "API token used")
    AGENT_CALLED = "agent_called", pgettext_lazy("audit", "called by an agent")

    SETTINGS = "settings", pgettext_lazy("audit", "settings changed")
    BACKED_UP = "backed_up", pgettext_lazy("audit", "backup made")
    RESTORED = "restored", pgettext_lazy("audit", "restored from a backup")
    CLEANED = "cleaned", pgettext_lazy("audit", "old data removed")
