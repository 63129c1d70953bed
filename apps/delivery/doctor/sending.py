"""The sending accounts, and what DNS says of the domains they write from."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.text.formatting import in_words
from apps.delivery.accounts import declared
from apps.delivery.channels import KINDS
from apps.delivery.channels.email.ehlo_name import machine_name
from apps.delivery.doctor.dns import DnsAway, Resolver
from apps.delivery.doctor.domain_reports import account_domains, is_private, mail_of
from apps.delivery.doctor.domains import check_domain
from apps.delivery.doctor.findings import Finding, Level, advice, ok, wrong
from apps.delivery.models import AccountState
from apps.delivery.sending_account import SendingAccount
from apps.delivery.server_behavior import known, pipelining_words

#: Seconds for one account.
TIMEOUT: Final = 10.0


def out_of_service() -> dict[str, str]:
    """The accounts that are switched off or down, with the last error."""
    rows = AccountState.objects.exclude(state=AccountState.State.READY)
    return dict(rows.values_list("name", "last_error"))


def look_at_accounts(down: Mapping[str, str]) -> Iterator[Finding]:
    """Connect, encrypt and log in to every one, without sending. ``down``: out of service."""
    for name in sorted(settings.ACCOUNTS):
        account = declared(name)
        subject = _("account %(name)s") % {"name": name}
        kind = KINDS[account.kind]
        error = kind.checked(replace(account, timeout=min(account.timeout, TIMEOUT)))
        if error:
            fix = _("fix ACCOUNTS__%(name)s__… in .env, or the server") % {"name": name.upper()}
            yield wrong(subject, f"{kind.name}: {in_words(error)}", fix)
        elif name in down:
            text = _("answers, but is disabled: %(error)s") % {"error": in_words(down[name])}
            yield advice(subject, text, _("enable it: /management/accounts/"))
        elif error is None:
            yield ok(subject, f"{kind.name}: {_('nothing to connect to')}")
        else:
            learned = _learned(account) if kind.is_smtp else ""
            yield ok(subject, f"{kind.name}: {_('it answers')}{learned}")
            if kind.is_smtp:
                yield from look_at_ehlo_name(account)


def look_at_ehlo_name(account: SendingAccount) -> Iterator[Finding]:
    """Look at the name given in EHLO: servers want one that DNS knows (RFC 5321, 2.3.5)."""
    subject = _("EHLO name of account %(name)s") % {"name": account.name}
    name = account.ehlo_name or machine_name()
    fix = _("set EHLO_NAME of this account in .env to the name that DNS has for this machine")
    if not name:
        text = _("this machine has no public name, so its address in brackets is given")
        yield advice(subject, text, fix)
    elif not name.startswith("[") and not _resolves(name):
        yield advice(subject, _("DNS does not know %(name)s") % {"name": name}, fix)
    else:
        yield ok(subject, name)


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def look_at_domains(resolver: Resolver) -> Iterator[Finding]:
    """What DNS says of every domain that email is sent from into the world."""
    for domain in sorted(account_domains()):
        if is_private(domain):
            text = _("%(domain)s does not exist") % {"domain": domain or "-"}
            yield advice(_("domain"), text, _("set FROM_EMAIL to an address of your own domain"))
            continue
        yield from look_at_domain(domain, resolver)


def look_at_domain(domain: str, resolver: Resolver) -> Iterator[Finding]:
    """What DNS says of the domain, and the records that are missing."""
    subject = _("domain %(name)s") % {"name": domain}
    try:
        findings = check_domain(domain, resolver, mail_of(domain))
    except DnsAway as away:
        text = _("DNS does not answer (%(error)s)") % {"error": away}
        yield advice(subject, text, _("look at the machine's resolver, then ask again"))
        return
    good = [one.what for one in findings if one.level is Level.OK]
    for one in findings:
        if one.level is not Level.OK:
            fix = _("publish: %(record)s") % {"record": one.record} if one.record else ""
            yield Finding(subject, one.level, f"{one.what}: {one.sentence}", fix)
    if len(good) == len(findings):
        yield ok(subject, ", ".join(dict.fromkeys(good)))


def _learned(account: SendingAccount) -> str:
    """What sending has shown of the server, as far as it is known."""
    found = known(account.name, account.server)
    how = pipelining_words(account.pipelining, found.pipelining)
    text = _("; pipelining: %(how)s") % {"how": how}
    if found.letters_per_connection:
        count = {"count": found.letters_per_connection}
        text += _("; %(count)s messages per connection") % count
    return text
