"""Launching a message to one recipient: its run is whole, or there is none."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.core.contracts import LaunchedTransactional
from apps.core.errors import Refused
from apps.core.responses.stored import values_of
from apps.core.text.formatting import refusal
from apps.delivery.engine.runs.launch import AudienceEmpty, launch
from apps.delivery.engine.staging import beginning
from apps.mailings.ledger import freeze, runs
from apps.mailings.ledger.permission.bars import DOMAIN
from apps.mailings.models import Delivery, Run, Suppression
from apps.mailings.rules import audience_of_run


class AddressMissing(Refused):
    """The one recipient has no address on the channel."""

    code = "no_address"


class AddressSuppressed(Refused):
    """The one recipient's address must not be written to."""

    code = "suppressed"


def launch_transactional(*, mailing_id: int, trigger: str) -> LaunchedTransactional:
    """Create the run of a message to one recipient, whole, or leave nothing behind.

    Raises what ``launch`` raises, AddressMissing and AddressSuppressed.
    """
    with transaction.atomic():
        launched = launch(mailing_id=mailing_id, trigger=trigger, early=False, make=False)
        locked = runs.lock(launched.run_id)
        assert locked is not None  # made by this very transaction
        run = Run.objects.select_related("mailing__owner").get(pk=launched.run_id)
        freeze.freeze_chunk(locked, audience_of_run(run, locked.now), 0)
        if not locked.audience:
            raise refusal(AudienceEmpty, _("Nobody matches this mailing's audience."))
        beginning.stage_at_once(locked, run)
        freeze.close_freeze(locked, locked.now)
        delivery = Delivery.objects.get(run_id=launched.run_id)
        if delivery.state == Delivery.State.SUPPRESSED:
            raise _barred(delivery)
    return LaunchedTransactional(launched.run_id, delivery.pk, delivery.state)


def _barred(delivery: Delivery) -> Refused:
    if not delivery.address:
        return refusal(AddressMissing, _("The recipient has no address on this channel."))
    text = _("This address is suppressed: %(reason)s.")
    bar = values_of(delivery.response)["bar"]
    if bar == DOMAIN:
        return refusal(AddressSuppressed, _("The domain of this address is blocked."))
    return refusal(AddressSuppressed, text, reason=Suppression.Reason(bar).label)
