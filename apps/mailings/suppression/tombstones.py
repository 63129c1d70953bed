"""Who was erased is known by a keyed digest alone: enough to keep an address out, not to name it.

The keys stand in ``.env`` and never in the database; without them the digests say nothing. The
first key of ERASURE_KEYS writes, all of them read. Without ERASURE_KEYS keys are derived from
SECRET_KEY and its fallbacks, and those go on reading when ERASURE_KEYS is set later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Recipient, Tombstone

_SEPARATOR: Final = b"\x1f"
#: How a text begins that took the place of an address.
STAND_IN: Final = "erased:"
#: So few addresses are asked for by their digests; for more, the owner's digests are read once.
_FEW: Final = 20
#: Of 32 bytes of HMAC, those that are kept: no two addresses of one owner meet by chance.
_KEPT_BYTES: Final = 20


class AddressErased(Refused):
    """The person at this address was erased, and is not added again."""

    code = "erased"


def _prefix(owner_id: int, channel: str) -> bytes:
    """What every digest of this owner and channel begins with."""
    return _SEPARATOR.join((b"vestnik.erased.1", str(owner_id).encode(), channel.encode(), b""))


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and by what name its digests know it."""

    secret: bytes
    name: str

    def digest(self, owner_id: int, channel: str, address: str) -> str:
        """What stands for the address, another for every owner."""
        return self.raw(_prefix(owner_id, channel), address).hex()

    def raw(self, prefix: bytes, address: str) -> bytes:
        """The same as bytes: a million of them are seconds."""
        return hmac.digest(self.secret, prefix + address.encode(), "sha256")[:_KEPT_BYTES]

    def stand_in(self, kind: str, number: int, address: str) -> str:
        """What takes the place of an address in a row: the same nowhere else, so no two meet."""
        text = f"{kind}|{number}|{address}".encode()
        return f"{STAND_IN}{hmac.digest(self.secret, text, 'sha256')[:9].hex()}"

    def seal(self, lines: Sequence[str]) -> str:
        """The sum under a certificate: it shows later that these very lines were issued here."""
        text = "\n".join(lines).encode()
        return hashlib.blake2b(text, key=self.secret[:64], digest_size=16).hexdigest()


def is_stand_in(address: str) -> bool:
    """True if a person's address has been erased here."""
    return address.startswith(STAND_IN)


def keys() -> tuple[Key, ...]:
    """All keys, the one that writes first."""
    return _keys(
        tuple(settings.ERASURE_KEYS), (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


@lru_cache(maxsize=8)
def _keys(own: tuple[str, ...], others: tuple[str, ...]) -> tuple[Key, ...]:
    secrets = [one.encode() for one in own]
    secrets += [hmac.digest(one.encode(), b"vestnik.erasure.key", "sha256") for one in others]
    return tuple(Key(one, hmac.digest(one, b"name", "sha256")[:4].hex()) for one in secrets)


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The erased addresses of one owner as they were when this was read: asked without a query."""

    owner_id: int
    found: Mapping[str, frozenset[str]]
    used: tuple[Key, ...]

    @classmethod
    def of(cls, owner_id: int) -> Tombstones:
        rows = Tombstone.objects.filter(owner_id=owner_id, lifted_at=None)
        found: dict[str, set[str]] = {}
        names = set()
        for channel, digest, key in rows.values_list("channel", "digest", "key"):
            found.setdefault(channel, set()).add(digest)
            names.add(key)
        used = tuple(key for key in keys() if key.name in names)
        return cls(owner_id, {name: frozenset(some) for name, some in found.items()}, used)

    def among(self, channel: str, addresses: Iterable[str]) -> list[bool]:
        """For a whole column in its stored form: is it the address of somebody who was erased?"""
        known = self.found.get(channel)
        if not known:
            return [False for _one in addresses]
        prefix, digests = _prefix(self.owner_id, channel), set(map(bytes.fromhex, known))
        if len(self.used) == 1:
            made = self.used[0].raw
            return [bool(one) and made(prefix, one) in digests for one in addresses]
        return [
            bool(one) and any(key.raw(prefix, one) in digests for key in self.used)
            for one in addresses
        ]


def erased_among(owner_id: int, channel: str, addresses: Sequence[str]) -> list[bool]:
    """For each of these addresses in its stored form: was its person erased by this owner?"""
    if len(addresses) > _FEW:
        return Tombstones.of(owner_id).among(channel, addresses)
    digests = [
        {key.digest(owner_id, channel, one) for key in keys()} if one else set()
        for one in addresses
    ]
    rows = Tombstone.objects.filter(owner_id=owner_id, channel=channel, lifted_at=None)
    known = set(rows.filter(digest__in=set().union(*digests)).values_list("digest", flat=True))
    return [not known.isdisjoint(of_one) for of_one in digests]


def refuse_erased(recipient: Recipient) -> None:
    """Raises AddressErased when an address of this recipient is one of somebody erased.

    A recipient who was erased takes no new address either.
    """
    if recipient.erased_at is not None:
        raise AddressErased(_("This recipient was erased, and stays so."))
    for channel, address in recipient.addresses:
        if any(erased_among(recipient.owner_id, channel, [address])):
            raise AddressErased(
                _(
                    "The person at this address was erased. They can come back by signing up"
                    " themselves; or write down on the page of erasures why they may be added."
                )
            )
