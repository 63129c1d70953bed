"""How the address of a sender is confirmed: by a link sent to it, by DNS, by an administrator."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.core.http.throttle import count_test
from apps.delivery.doctor.dns import DnsAway, Resolver
from apps.delivery.doctor.domain_reports import emailing_accounts, is_private, mail_of
from apps.delivery.doctor.domains import DomainFinding, alignment_with
from apps.delivery.service import service
from apps.mailings import links
from apps.mailings.models import Sender
from apps.mailings.services.senders import confirm_by_domain


class ConfirmationNotSent(Refused):
    """The email with the link did not leave."""

    code = "confirmation_not_sent"


def send_link(sender: Sender, *, actor_id: int, now: datetime) -> None:
    """Send the link to the sender's address. Raises ConfirmationNotSent, TooOften."""
    count_test(actor_id)
    text = _(
        "%(owner)s wants to send mailings from this address. Open the link to confirm:\n\n"
        "%(url)s\n\nIf you do not know about it, do nothing."
    )
    verdict = service.send_system_message(
        key=f"sender:{sender.pk}:{now:%Y-%m-%dT%H:%M}",
        account="email",
        address=sender.address,
        subject=_("Confirm the sender address %(address)s") % {"address": sender.address},
        text=text % {"owner": sender.owner.email, "url": links.sender_url(sender.pk)},
    )
    if verdict != Verdict.SENT.value:
        raise ConfirmationNotSent(_("The email could not be sent. Ask your administrator."))


def check_domain_proof(sender: Sender, resolver: Resolver, now: datetime) -> bool:
    """Look for the proof in DNS: at the domain, or at ``_vestnik`` below it."""
    domain = sender.address.rpartition("@")[2].lower()
    try:
        texts = [
            *(resolver.texts(domain) or []),
            *(resolver.texts(f"_vestnik.{domain}") or []),
        ]
    except DnsAway:
        return False
    return confirm_by_domain(sender, texts, now=now)


def alignments(sender: Sender, resolver: Resolver) -> list[DomainFinding]:
    """Whether its letters will be aligned, with each account that it may use. Raises DnsAway."""
    domain = sender.address.rpartition("@")[2].lower()
    if is_private(domain):
        return []
    mail = mail_of(domain)
    accounts = [
        one for one in emailing_accounts() if not sender.accounts or one.name in sender.accounts
    ]
    return [alignment_with(domain, one, resolver, mail) for one in accounts]
