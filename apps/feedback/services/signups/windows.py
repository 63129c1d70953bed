"""The limits on confirmation emails, exact over all processes.

A window is a row with a keyed digest. One statement opens it, or uses one more of it while there is
one left: its row count is the answer, and no process can be let in twice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F

from apps.core.values.keyed_digests import keyed_digest
from apps.feedback.models import SignupWindow
from apps.mailings.ledger import dialect

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
#: Windows are forgotten so long after they were opened: a day after the longest has ended.
KEPT: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds, counted from the first. ``code`` is what a sign-up beyond it is
    held for."""

    name: str
    code: str
    most: int
    seconds: int


ADDRESS: Final = (
    Limit("address-day", "limit_address", 1, _DAY),
    Limit("address-month", "limit_address", 3, 30 * _DAY),
)
#: One address over all owners of the installation.
ADDRESS_ANYWHERE: Final = Limit("address-anywhere", "limit_address", 5, _DAY)
NETWORK: Final = (
    Limit("network-minutes", "limit_network", 5, 600),
    Limit("network-day", "limit_network", 30, _DAY),
)
FORM_PROVED: Final = Limit("form-proved", "limit_form", 300, _HOUR)
FORM_UNPROVED: Final = Limit("form-unproved", "limit_form", 60, _HOUR)
#: People whom an owner has had asked; all owners together leave room for those who sign up.
ASKING_OWNER: Final = Limit("asking-owner", "limit_owner", 300, _HOUR)
ASKING: Final = Limit("asking", "limit_site", 1000, _HOUR)
INSTALLATION: Final = Limit("installation", "limit_site", 2000, _HOUR)

Use = tuple[Limit, str]


class _Full(Exception):
    """A limit is reached: nothing of this call is used."""


def uses_of(*, owner_id: int, address: str, ip: str | None) -> list[Use]:
    """What an email to this address uses, for a request from this network.

    Always in this order, so that no two transactions wait for each other.
    """
    own = f"{owner_id}|{address}"
    return [*((limit, own) for limit in ADDRESS), *shared_uses_of(address=address, ip=ip)]


def shared_uses_of(*, address: str, ip: str | None) -> list[Use]:
    """What every email to this address uses, of whatever kind and owner."""
    found: list[Use] = [(ADDRESS_ANYWHERE, address)]
    network = network_of(ip)
    return found + [(limit, network) for limit in NETWORK] if network else found


def uses_of_form(*, form_id: int, proved: bool) -> list[Use]:
    """What it uses of the form's hour and of the installation's, which many share: taken last."""
    limit = FORM_PROVED if proved else FORM_UNPROVED
    return [(limit, str(form_id)), (INSTALLATION, "")]


def uses_of_asking(*, owner_id: int) -> list[Use]:
    """What it uses of the hour for people who are asked, and of the installation's: taken last."""
    return [(ASKING_OWNER, str(owner_id)), (ASKING, ""), (INSTALLATION, "")]


def take(uses: Sequence[Use], *, now: datetime) -> Limit | None:
    """Use one of each, or nothing at all. Returns the limit that is reached, None if none is."""
    try:
        with transaction.atomic():
            for limit, key in uses:
                if not _use(limit, key, now):
                    raise _Full(limit)
    except _Full as full:
        reached: Limit = full.args[0]
        return reached
    return None


def give_back(uses: Sequence[Use]) -> None:
    """What was taken was not needed: no email was sent."""
    for limit, key in uses:
        rows = SignupWindow.objects.filter(digest=_digest(limit, key), used__gt=0)
        rows.update(used=F("used") - 1)


_USE: Final = """
INSERT INTO feedback_signupwindow (digest, opened_at, used) VALUES (%s, %s, 1)
ON CONFLICT (digest) DO UPDATE
   SET used = CASE WHEN feedback_signupwindow.opened_at <= %s THEN 1
                   ELSE feedback_signupwindow.used + 1 END,
       opened_at = CASE WHEN feedback_signupwindow.opened_at <= %s THEN excluded.opened_at
                        ELSE feedback_signupwindow.opened_at END
 WHERE feedback_signupwindow.opened_at <= %s OR feedback_signupwindow.used < %s"""


def _use(limit: Limit, key: str, now: datetime) -> bool:
    moment = dialect.time_value(now)
    ended = dialect.time_value(now - timedelta(seconds=limit.seconds))
    values = [_digest(limit, key), moment, ended, ended, ended, limit.most]
    with connection.cursor() as cursor:
        cursor.execute(_USE, values)
        return bool(cursor.rowcount)


def used(limit: Limit, key: str, *, now: datetime) -> int:
    """How much of a window is used now."""
    opened = now - timedelta(seconds=limit.seconds)
    rows = SignupWindow.objects.filter(digest=_digest(limit, key), opened_at__gt=opened)
    return rows.values_list("used", flat=True).first() or 0


def network_of(ip: str | None) -> str:
    """The network that an address belongs to: /24 of IPv4, /64 of IPv6. Empty for none."""
    if not ip:
        return ""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    bits = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network((address, bits), strict=False))


def _digest(limit: Limit, key: str) -> str:
    return keyed_digest(b"vestnik.signups.windows", f"{limit.name}|{key}")
