"""Whether recipients get mailings: active, unconfirmed, suppressed and why, or archived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import pgettext_lazy

from apps.mailings.models import Channel, Recipient, Suppression
from apps.mailings.models.audience import ADDRESS

#: Owner, channel and address.
Address = tuple[int, str, str]


_LABELS: Final = {
    "active": pgettext_lazy("recipient", "Active"),
    "unconfirmed": pgettext_lazy("recipient", "Unconfirmed"),
    "suppressed": pgettext_lazy("recipient", "Suppressed"),
    "archived": pgettext_lazy("recipient", "Archived"),
}


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """``reasons`` has why by channel, for the addresses that are suppressed.

    ``whole``: no address is left to which a mailing goes.
    """

    code: Literal["active", "unconfirmed", "suppressed", "archived"]
    reasons: Mapping[str, str]
    whole: bool = True

    @property
    def label(self) -> str:
        """The status in a word."""
        return str(_LABELS[self.code])

    @property
    def tone(self) -> str:
        """The look of its badge."""
        return {"active": "good", "archived": "plain"}.get(self.code, "warn")

    @property
    def detail(self) -> str:
        """Why, in words; by channel unless it is the same for all."""
        if not self.reasons:
            return ""
        labels = {code: str(label) for code, label in Suppression.Reason.choices}
        if self.whole and len(set(self.reasons.values())) == 1:
            return labels[next(iter(self.reasons.values()))]
        channels = {code: str(label) for code, label in Channel.choices}
        return ", ".join(
            f"{channels[channel]}: {labels[reason]}" for channel, reason in self.reasons.items()
        )


def statuses_of(recipients: Sequence[Recipient]) -> dict[int, RecipientStatus]:
    """The status of each, by its id."""
    suppressed = suppressed_among(recipients)
    return {row.pk: _status(row, suppressed) for row in recipients}


def suppressed_among(recipients: Sequence[Recipient]) -> dict[Address, str]:
    """Why addresses of these recipients are suppressed; the others are not there."""
    found: dict[Address, str] = {}
    owners = {row.owner_id for row in recipients}
    for channel, name in ADDRESS.items():
        addresses = [str(value) for row in recipients if (value := getattr(row, name)) is not None]
        if addresses:
            known = Suppression.objects.filter(
                owner_id__in=owners, channel=channel, address__in=addresses
            )
            for owner_id, address, reason in known.values_list("owner_id", "address", "reason"):
                found[owner_id, channel, address] = reason
    return found


def reasons_of(recipient: Recipient, suppressed: Mapping[Address, str]) -> dict[str, str]:
    """Why by channel, empty for an address that is not suppressed: all that the recipient has."""
    return {
        channel: suppressed.get((recipient.owner_id, channel, address), "")
        for channel, address in recipient.addresses
    }


def _status(row: Recipient, suppressed: Mapping[Address, str]) -> RecipientStatus:
    all_reasons = reasons_of(row, suppressed)
    reasons = {channel: reason for channel, reason in all_reasons.items() if reason}
    whole = len(reasons) == len(all_reasons)
    if row.archived_at is not None:
        return RecipientStatus("archived", reasons, whole)
    if reasons:
        return RecipientStatus("suppressed", reasons, whole)
    return RecipientStatus("active" if row.unconfirmed_since is None else "unconfirmed", reasons)
