"""The domains that are sent from, and what DNS said of each when it was last asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from django.conf import settings

from apps.delivery.accounts import declared, dkim_keys_of
from apps.delivery.doctor.dns import DnsAway, Resolver
from apps.delivery.doctor.domains import DomainFinding, Mail, check_domain
from apps.delivery.doctor.findings import Level
from apps.delivery.models import DomainReport
from apps.delivery.sending_account import SendingAccount
from apps.mailings.models import Sender
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import overseers

log = structlog.get_logger(__name__)

#: Names that nobody outside can ask for (RFC 2606, RFC 6761, RFC 6762).
_PRIVATE: Final = ("localhost", "local", "test", "example", "invalid", "internal")


def is_private(domain: str) -> bool:
    """True for a name that no receiver can ask DNS for."""
    return domain.rpartition(".")[2] in _PRIVATE


def emailing_accounts() -> list[SendingAccount]:
    """The accounts by which email leaves this machine."""
    accounts = [declared(name) for name in sorted(settings.ACCOUNTS)]
    return [one for one in accounts if one.writes_email and not one.to_files]


def account_domains() -> set[str]:
    """The domains that the accounts themselves write from."""
    return {one.from_email.rpartition("@")[2].lower() for one in emailing_accounts()}


def domains_in_use() -> list[str]:
    """Those of the accounts and of the senders, without those that DNS cannot know."""
    addresses = Sender.objects.filter(archived_at=None).values_list("address", flat=True)
    of_senders = {address.rpartition("@")[2].lower() for address in addresses}
    return sorted(one for one in account_domains() | of_senders if one and not is_private(one))


def mail_of(domain: str) -> Mail:
    """How letters from this domain leave."""
    accounts = [one for one in emailing_accounts() if one.from_email.lower().endswith(f"@{domain}")]
    bounce = str(settings.BOUNCE_ADDRESS).rpartition("@")[2].lower()
    return Mail(dkim_keys_of(domain), accounts, bounce)


def check_and_keep(domain: str, resolver: Resolver, now: datetime) -> DomainReport:
    """Ask DNS and keep the answer; notify those who oversee when something broke.

    When DNS does not answer, what was known stays.
    """
    report = DomainReport.objects.get_or_create(domain=domain)[0]
    try:
        findings = check_domain(domain, resolver, mail_of(domain))
    except DnsAway as away:
        report.error = str(away)[:100]
    else:
        broke = _wrong(findings) - _wrong(kept_findings(report)) if report.checked_at else set()
        report.findings = [one.as_json() for one in findings]
        report.checked_at, report.error = now, ""
        if broke:
            _notify(domain, broke, now)
    report.asked_at = now
    report.save()
    return report


def kept_findings(report: DomainReport) -> list[DomainFinding]:
    """What the report holds."""
    return [DomainFinding.from_json(one) for one in report.findings]


def _wrong(findings: list[DomainFinding]) -> set[str]:
    return {one.what for one in findings if one.level is Level.WRONG}


def _notify(domain: str, broke: set[str], now: datetime) -> None:
    what = ", ".join(sorted(broke))
    log.error("domain_broke", domain=domain, what=what)
    facts = {"domain": domain, "what": what}
    key, mark = f"domain:{domain}", f"{what}:{now.date()}"
    notify(
        NewNotification(owner_id, "domain_broke", key, facts, mark=mark)
        for owner_id in overseers().values_list("pk", flat=True)
    )
