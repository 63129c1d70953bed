"""Who it is from: confirmed, and aligned with the domain's records; and a look at a mailbox."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.delivery.accounts import declared
from apps.delivery.doctor.dns import DnsAway
from apps.delivery.doctor.domain_reports import is_private, mail_of
from apps.delivery.doctor.domains import DomainFinding, alignment_with
from apps.delivery.doctor.findings import Level
from apps.delivery.models import Probe
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import (
    Finding,
    Place,
    passed,
    refused_by,
    unchecked,
    warning,
)
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Channel
from apps.mailings.sender_rules import check_sender


class SenderCheck(Check):
    """Not confirmed: it is refused. Not aligned: receivers distrust it (RFC 7489, 3.1)."""

    name = "sender"
    title = _("Sender")
    network = True
    seconds = 8.0
    reads = ("sender",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        mailing, sender = letter.mailing, letter.mailing.sender
        accounts = [name for kind, name in mailing.routes if kind == Channel.EMAIL]
        if not accounts:
            yield passed(_("Only emails have a sender."))
            return
        try:
            if sender is not None:
                check_sender(sender, owner_id=mailing.owner_id, accounts=accounts)
            found = [declared(name) for name in accounts]
        except Refused as refusal:
            yield refused_by(refusal, Place.SENDER if sender is not None else Place.MAILING)
            return
        yield passed(_("The sender may be used."))
        for account in found:
            address = sender.address if sender is not None else account.from_email
            domain = address.rpartition("@")[2].lower()
            if is_private(domain) or account.to_files:
                text = _("%(domain)s: nobody outside can ask DNS about it.")
                yield unchecked(text, domain=domain)
                continue
            try:
                mail = mail_of(domain)
                yield _judged(domain, alignment_with(domain, account, tools.resolver, mail))
            except DnsAway:
                yield unchecked(_("%(domain)s: DNS does not answer."), domain=domain)


def _judged(domain: str, finding: DomainFinding) -> Finding:
    params = {"domain": domain, **finding.params}
    if finding.level is Level.OK:
        return passed(_("%(domain)s: emails by account %(account)s are aligned."), **params)
    if finding.level is Level.ADVICE:
        text = _("%(domain)s: whether account %(account)s signs can be seen in a message only.")
        return unchecked(text, **params)
    text = _("%(domain)s: neither DKIM nor SPF is set up for account %(account)s.")
    fix = _("Publish the record that the sender’s page shows.")
    return warning(text, fix, Place.SENDER, **params)


class ProbeCheck(Check):
    """What became of the last probe of this message; it is sent by a button."""

    name = "probe"
    title = _("Probe")
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        if not settings.SEEDS:
            yield unchecked(_("There is no probe mailbox."))
            return
        message = letter.mailing.message
        last = Probe.objects.filter(message=message, mailing=letter.mailing).order_by("-pk").first()
        if last is None or last.sent_at < message.updated_at:
            text = _("No probe of this message has been sent yet.")
            yield Finding(unchecked(text).result, text, place=Place.PROBES)
        elif last.state == Probe.State.ARRIVED and last.is_spam:
            text = _("The last probe to %(seed)s arrived as spam.")
            fix = _("Look at what the receiver found.")
            yield warning(text, fix, Place.PROBES, seed=last.seed)
        elif last.state == Probe.State.ARRIVED:
            yield passed(_("The last probe to %(seed)s arrived."), seed=last.seed)
        elif last.state == Probe.State.SENT:
            yield unchecked(_("The last probe to %(seed)s is under way."), seed=last.seed)
        else:
            text = _("The last probe to %(seed)s did not arrive.")
            yield warning(text, _("Look at what came of it."), Place.PROBES, seed=last.seed)
