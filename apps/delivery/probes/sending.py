"""A probe: the letter as an audience gets it, to a mailbox of our own."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.core.responses.stored import Response
from apps.delivery.models import Probe
from apps.delivery.service import service
from apps.mailings.models import Mailing, Message, Sender


class SeedUnknown(Refused):
    """``.env`` declares no probe mailbox of this name."""

    code = "seed_unknown"


def send(
    *,
    message: Message,
    account: str,
    seed: str,
    now: datetime,
    mailing: Mailing | None = None,
    sender: Sender | None = None,
) -> Probe:
    """Send it and keep it; the scheduler looks for it in the mailbox.

    Raises SeedUnknown, and what ``direct_send.send_probe`` raises: then nothing is kept.
    """
    found = settings.SEEDS.get(seed)
    if found is None:
        raise SeedUnknown(_("There is no such probe mailbox in .env."))
    key = secrets.token_hex(8)
    outcome = service.send_probe(
        message_id=message.pk,
        account=account,
        address=found.address,
        key=key,
        mailing=mailing,
        sender=sender,
    )
    sent = outcome.verdict in (Verdict.SENT, Verdict.UNKNOWN)
    return Probe.objects.create(
        message=message,
        mailing=mailing,
        run_number=mailing.current_run if mailing is not None else None,
        sender=sender,
        account=account,
        seed=seed,
        key=key,
        state=Probe.State.SENT if sent else Probe.State.FAILED,
        sent_at=now,
        error=Response("") if sent else outcome.response,
    )
