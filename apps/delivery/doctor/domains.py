"""What a domain says in DNS of its mail, a finding a line, with the record that is missing.

MX, SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), the return path, and whether letters of each
account are aligned. The doctor, the page Domains and a sender's page show the same findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from apps.delivery.channels.email.dkim import DkimKey
from apps.delivery.doctor.dns import Resolver
from apps.delivery.doctor.findings import Level
from apps.delivery.doctor.spf import Spf, read_spf
from apps.delivery.sending_account import SendingAccount

#: RFC 7208, 4.6.4.
MOST_LOOKUPS: Final = 10


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider has its customers publish: the SPF domain to include, the usual selectors."""

    include: str
    selectors: tuple[str, ...] = ()


#: By the end of the server's name.
_PROVIDERS: Final[Mapping[str, Provider]] = {
    "yandex.ru": Provider("_spf.yandex.net", ("mail",)),
    "yandex.net": Provider("_spf.yandex.net", ("mail",)),
    "mail.ru": Provider("_spf.mail.ru", ("mailru",)),
    "gmail.com": Provider("_spf.google.com", ("google",)),
    "office365.com": Provider("spf.protection.outlook.com", ("selector1", "selector2")),
    "amazonaws.com": Provider("amazonses.com"),
    "postmarkapp.com": Provider("spf.mtasv.net", ("pm",)),
    "mailgun.org": Provider("mailgun.org", ("mx", "smtp", "pic", "k1", "email")),
    "brevo.com": Provider("spf.brevo.com", ("brevo1", "brevo2", "mail")),
    "sendgrid.net": Provider("sendgrid.net", ("s1", "s2")),
    "unisender.ru": Provider("spf.unisender.ru", ("us",)),
    "smtp-pulse.com": Provider("mxsspf.sendpulse.com", ("sign",)),
}


@dataclass(frozen=True, slots=True)
class DomainFinding:
    """One thing that receivers look for. ``text`` with ``params`` is a text of the catalogues;
    ``record`` is what is to be published; empty: nothing.
    """

    what: str
    level: Level
    text: str
    params: Mapping[str, str] = field(default_factory=dict)
    record: str = ""

    @property
    def sentence(self) -> str:
        """In the reader's language."""
        return gettext(self.text) % self.params if self.params else gettext(self.text)

    def as_json(self) -> dict[str, Any]:
        """To be kept; said again in another language later."""
        shown = {"what": self.what, "level": self.level.value, "text": self.text}
        return {**shown, "params": dict(self.params), "record": self.record}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> DomainFinding:
        """What was kept."""
        return cls(**{**kept, "level": Level(kept["level"])})


@dataclass(frozen=True, slots=True)
class Mail:
    """How letters from a domain leave: our own keys, the accounts, and where bounces go."""

    keys: Sequence[DkimKey] = ()
    accounts: Sequence[SendingAccount] = ()
    bounce_domain: str = ""


def check_domain(domain: str, resolver: Resolver, mail: Mail) -> list[DomainFinding]:
    """All findings of a domain. Raises DnsAway."""
    spf = read_spf(domain, resolver)
    selectors = _published(domain, resolver, mail)
    return [
        _mx(domain, resolver),
        *_spf(domain, spf),
        *_dkim(domain, resolver, mail, selectors),
        _dmarc(domain, resolver),
        *_return_path(domain, mail),
        *(alignment(domain, one, mail, spf, selectors) for one in mail.accounts),
    ]


def alignment_with(
    domain: str, account: SendingAccount, resolver: Resolver, mail: Mail
) -> DomainFinding:
    """Whether letters from this domain by this account pass DMARC. Raises DnsAway."""
    mail = Mail(mail.keys, [account], mail.bounce_domain)
    spf = read_spf(_envelope_domain(domain, account, mail), resolver)
    return alignment(domain, account, mail, spf, _published(domain, resolver, mail))


def alignment(
    domain: str, account: SendingAccount, mail: Mail, spf: Spf, selectors: Sequence[str]
) -> DomainFinding:
    """By DKIM with our key or the provider's, by SPF when the return path is of the domain."""
    provider = provider_of(account)
    what, params = "DMARC", {"account": account.name}
    own = account.kind == "smtp" and any(key.selector in selectors for key in mail.keys)
    theirs = provider is not None and any(one in selectors for one in provider.selectors)
    envelope = _envelope_domain(domain, account, mail)
    named = provider is not None and provider.include in spf.includes
    by_spf = is_aligned(envelope, domain) and (named or account.host in spf.hosts)
    if (own or theirs) and by_spf:
        text = _("account %(account)s: aligned by DKIM and SPF")
        return DomainFinding(what, Level.OK, text, params)
    if own or theirs:
        return DomainFinding(what, Level.OK, _("account %(account)s: aligned by DKIM"), params)
    if by_spf:
        text = _("account %(account)s: aligned by SPF; forwarded mail fails without DKIM")
        return DomainFinding(what, Level.OK, text, params)
    if provider is None:
        text = _("account %(account)s: whether its server signs can be seen in a message only")
        return DomainFinding(what, Level.ADVICE, text, params)
    text = _("account %(account)s: neither DKIM nor SPF of this domain is set up for it")
    record = f'{envelope} TXT "v=spf1 include:{provider.include} ~all"'
    return DomainFinding(what, Level.WRONG, text, params, record)


def provider_of(account: SendingAccount) -> Provider | None:
    """The provider of the account's server, if it is known here."""
    host = f".{account.host.lower()}"
    return next((one for end, one in _PROVIDERS.items() if host.endswith(f".{end}")), None)


def is_aligned(one: str, other: str) -> bool:
    """Relaxed alignment (RFC 7489, 3.1), without a list of public suffixes: one is below the
    other."""
    return f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}")


def _envelope_domain(domain: str, account: SendingAccount, mail: Mail) -> str:
    """The envelope sender is the account's, also when the letter is from a sender."""
    return mail.bounce_domain or account.from_email.rpartition("@")[2].lower() or domain


def _mx(domain: str, resolver: Resolver) -> DomainFinding:
    servers = resolver.mail_servers(domain)
    record = f"{domain} MX 10 YOUR-MAIL-SERVER"
    if servers == ["."]:
        text = _("the domain takes no mail: replies are lost, and many servers refuse such senders")
        return DomainFinding("MX", Level.WRONG, text, record=record)
    if servers:
        return DomainFinding("MX", Level.OK, "%(servers)s", {"servers": ", ".join(servers[:3])})
    if resolver.addresses(domain):
        text = _("there is no record; mail goes to the host itself")
        return DomainFinding("MX", Level.ADVICE, text, record=record)
    text = _("no server takes replies to this domain")
    return DomainFinding("MX", Level.WRONG, text, record=record)


def _spf(domain: str, spf: Spf) -> Iterator[DomainFinding]:
    record = f'{domain} TXT "v=spf1 include:YOUR-PROVIDER ~all"'
    count = {"count": str(spf.lookups)}
    if not spf.records:
        yield DomainFinding("SPF", Level.WRONG, _("there is no record"), record=record)
    elif spf.records > 1:  # RFC 7208, 4.5: then none of them holds
        text = _("there are several records, so none of them counts")
        yield DomainFinding("SPF", Level.WRONG, text, record=record)
    elif spf.all == "+":
        text = _("the record lets everybody send in your name")
        yield DomainFinding("SPF", Level.WRONG, text, record=record)
    elif spf.missing:
        text = _("include:%(name)s has no SPF record, so the whole check fails")
        yield DomainFinding("SPF", Level.WRONG, text, {"name": spf.missing})
    elif spf.lookups > MOST_LOOKUPS:
        text = _("the record needs %(count)s look-ups, and receivers stop after 10")
        yield DomainFinding("SPF", Level.WRONG, text, count)
    elif spf.all in ("", "?"):
        text = _("the record does not end in ~all or -all: forged mail is not marked")
        yield DomainFinding("SPF", Level.ADVICE, text)
    else:
        text = _("%(count)s of 10 look-ups, ends in %(end)s")
        yield DomainFinding("SPF", Level.OK, text, {**count, "end": f"{spf.all}all"})


def _published(domain: str, resolver: Resolver, mail: Mail) -> list[str]:
    """The selectors whose keys can be used: our own keys', and the usual ones of the providers."""
    found = [key.selector for key in mail.keys if _key_in_dns(key, resolver) == key.public]
    providers = [provider for one in mail.accounts if (provider := provider_of(one)) is not None]
    usual = dict.fromkeys(selector for one in providers for selector in one.selectors)
    for selector in usual:
        records = resolver.texts(f"{selector}._domainkey.{domain}") or []
        if any(_public(record) for record in records):
            found.append(selector)
    return found


def _dkim(
    domain: str, resolver: Resolver, mail: Mail, selectors: Sequence[str]
) -> Iterator[DomainFinding]:
    for key in mail.keys:
        if key.selector not in selectors:
            other = _key_in_dns(key, resolver)
            text = _("another key is published under the selector %(selector)s")
            if not other:
                text = _("the key of the selector %(selector)s is not published")
            record = f'{key.record_name} TXT "{key.record}"'
            yield DomainFinding("DKIM", Level.WRONG, text, {"selector": key.selector}, record)
    if selectors:
        names = {"selectors": ", ".join(selectors)}
        yield DomainFinding("DKIM", Level.OK, _("selectors: %(selectors)s"), names)
    elif mail.keys:
        return
    elif resolver.texts(f"_domainkey.{domain}") is None:
        record = f'SELECTOR._domainkey.{domain} TXT "v=DKIM1; p=…"'
        text = _("there is no key; your provider gives it")
        yield DomainFinding("DKIM", Level.WRONG, text, record=record)
    else:
        text = _("there are keys; only a message shows which of them signs")
        yield DomainFinding("DKIM", Level.OK, text)


def _dmarc(domain: str, resolver: Resolver) -> DomainFinding:
    """The domain's own policy, or the next one above it."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        name = ".".join(labels[start:])
        texts = resolver.texts(f"_dmarc.{name}") or []
        found = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(found) > 1:
            text = _("there are several records, so none of them counts")
            return DomainFinding("DMARC", Level.WRONG, text)
        if found:
            return _policy(domain, name, tags_of(found[0]))
    record = f'_dmarc.{domain} TXT "v=DMARC1; p=none"'
    return DomainFinding("DMARC", Level.WRONG, _("there is no record"), record=record)


def _policy(domain: str, name: str, tags: Mapping[str, str]) -> DomainFinding:
    policy = ((tags.get("sp") if name != domain else "") or tags.get("p", "")).lower()
    if policy not in ("none", "quarantine", "reject"):
        record = f'_dmarc.{name} TXT "v=DMARC1; p=none"'
        text = _("the record has no policy, so it does not count")
        return DomainFinding("DMARC", Level.WRONG, text, record=record)
    if policy == "none":
        text = _("the policy is p=none: forged mail is let through")
        record = f'_dmarc.{domain} TXT "v=DMARC1; p=quarantine"'
        return DomainFinding("DMARC", Level.ADVICE, text, record=record)
    params = {"policy": policy, "name": name}
    return DomainFinding("DMARC", Level.OK, _("policy %(policy)s, of %(name)s"), params)


def _return_path(domain: str, mail: Mail) -> Iterator[DomainFinding]:
    bounce = mail.bounce_domain
    if bounce and not is_aligned(bounce, domain):
        text = _("bounces go to %(name)s: SPF cannot be aligned, DKIM has to be")
        yield DomainFinding("Return-Path", Level.ADVICE, text, {"name": bounce})
    elif bounce:
        text = _("bounces go to %(name)s, which is aligned")
        yield DomainFinding("Return-Path", Level.OK, text, {"name": bounce})


def _key_in_dns(key: DkimKey, resolver: Resolver) -> str:
    records = resolver.texts(key.record_name) or []
    return next((public for record in records if (public := _public(record))), "")


def _public(record: str) -> str:
    """The key in a DKIM record; empty when it was withdrawn (RFC 6376, 3.6.1), or there is none."""
    return tags_of(record).get("p", "").replace(" ", "")


def tags_of(record: str) -> dict[str, str]:
    """A list of tags (RFC 6376, 3.2)."""
    parts = [part.partition("=")[::2] for part in record.split(";")]
    return {name.strip().lower(): value.strip() for name, value in parts}
