"""What owners do with their webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.api.webhooks.client import check_url
from apps.api.webhooks.models import Webhook, WebhookCall, new_seed
from apps.api.webhooks.signing import BOTH_SIGN, secret_of
from apps.automations.models import EnrolmentEvent
from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.mailings.horizon import newest_attempt, newest_id
from apps.mailings.models import Consent, FirstReaction
from apps.users.models import User

log = structlog.get_logger(__name__)


class TooManyWebhooks(Refused):
    """This user has as many webhooks as are allowed."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class Revealed:
    """A webhook with its secret, which is shown this once."""

    webhook: Webhook
    secret: str


class Events(TypedDict, total=False):
    """What a webhook receives; what is not named is as the model has it."""

    deliveries: bool
    runs: bool
    subscriptions: bool
    reactions: bool
    machine_reactions: bool
    automations: bool


@transaction.atomic
def register(
    *,
    owner: User,
    url: str,
    now: datetime,
    **events: Unpack[Events],
) -> Revealed:
    """Send this address events from now on. Raises AddressRefused and TooManyWebhooks."""
    check_url(url)
    User.objects.select_for_update().get(pk=owner.pk)  # two at once must not pass the limit
    if Webhook.objects.filter(owner=owner).count() >= settings.WEBHOOKS_PER_USER:
        text = _("You may have %(count)d webhooks at most.")
        raise TooManyWebhooks(text % {"count": settings.WEBHOOKS_PER_USER})
    webhook = Webhook.objects.create(
        owner=owner,
        url=url,
        **events,
        attempt_cursor=newest_attempt(),
        consent_cursor=newest_id(Consent),
        reaction_cursor=newest_id(FirstReaction),
        enrolment_cursor=newest_id(EnrolmentEvent),
        runs_reported_until=now,
    )
    log.info("webhook_made", user_id=owner.pk, webhook_id=webhook.pk)
    return Revealed(webhook, secret_of(webhook))


def rotate(*, webhook: Webhook, now: datetime) -> Revealed:
    """A new secret. For a day both sign, so that no call is refused while the receiver changes."""
    webhook.old_seed, webhook.seed = webhook.seed, new_seed()
    webhook.old_until = now + BOTH_SIGN
    webhook.save(update_fields=["seed", "old_seed", "old_until", "updated_at"])
    log.info("webhook_rotated", user_id=webhook.owner_id, webhook_id=webhook.pk)
    return Revealed(webhook, secret_of(webhook))


def remove(*, webhook: Webhook) -> None:
    """Send it nothing more, and delete what was sent."""
    webhook.delete()
    log.info("webhook_removed", user_id=webhook.owner_id)


@transaction.atomic
def send_again(*, call: WebhookCall, now: datetime) -> None:
    """Put this call next, with all its tries. A paused webhook is back in service."""
    WebhookCall.objects.filter(pk=call.pk).update(tries=0, next_try=now, delivered_at=None)
    Webhook.objects.filter(pk=call.webhook_id).update(paused_at=None)
    about = Object(Webhook._meta.label_lower, call.webhook_id)
    record(Act.CHANGED, about, details={"sent_again": call.pk})
    log.info("webhook_call_again", webhook_id=call.webhook_id, call_id=call.pk)
