"""Records what people permitted and took back. Rows are added here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.core.values.addresses import NORMAL
from apps.core.values.keyed_digests import keyed_digest
from apps.mailings.models import Consent, MailingList, Recipient
from apps.mailings.models.audience import ADDRESS

#: The longest that is kept of what a browser or a program says about itself.
_LONGEST: Final = {"user_agent": 200, "page": 500, "actor": 254, "statement": 500, "evidence": 64}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves an act: who said it, where and when, to which words.

    ``by_person``: the person did it, by a form, a link of a letter or the preference page; else
    the owner or a program says so. ``texts`` are the wordings that were shown (id and sha256),
    ``evidence`` is a digest of what an imported row said.
    """

    source: str
    by_person: bool
    said_at: datetime
    channel: str = ""
    form_version_id: int | None = None
    texts: tuple[dict[str, Any], ...] = ()
    language: str = ""
    ip: str | None = None
    user_agent: str = ""
    page: str = ""
    delivery_id: int | None = None
    import_id: int | None = None
    actor: str = ""
    statement: str = ""
    evidence: str = ""

    @property
    def states(self) -> bool:
        """Is it the owner's word alone, that people consented elsewhere?"""
        return bool(self.statement) and not self.by_person


def record(
    *,
    owner_id: int,
    recipient: Recipient | None,
    act: str,
    evidence: Evidence,
    list: MailingList | None = None,
) -> Consent:
    """Keep one act. ``recipient`` None: a statement about many; ``list`` None: a general one."""
    given = {name: getattr(evidence, name)[:most] for name, most in _LONGEST.items()}
    return Consent.objects.create(
        owner_id=owner_id,
        recipient=recipient,
        list=list,
        act=act,
        channel=evidence.channel,
        source=evidence.source,
        said_at=evidence.said_at,
        form_version_id=evidence.form_version_id,
        texts=[*evidence.texts],
        language=evidence.language,
        ip=evidence.ip,
        delivery_id=evidence.delivery_id,
        by_import_id=evidence.import_id,
        who=_who(recipient, evidence.channel),
        **given,
    )


def who_digest(owner_id: int, channel: str, address: str) -> str:
    """The keyed digest of an address: says that it is the same one again, and not which."""
    stored = NORMAL[channel](address) or address
    return keyed_digest(b"vestnik.consents.who", f"{owner_id}|{channel}|{stored}")


def _who(recipient: Recipient | None, channel: str) -> str:
    """The digest of the address of this channel, else of the first one that the person has."""
    if recipient is None:
        return ""
    for one in (channel, *ADDRESS):
        address = getattr(recipient, ADDRESS[one]) if one else None
        if address:
            return who_digest(recipient.owner_id, one, str(address))
    return ""
