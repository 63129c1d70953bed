"""Where a measured link leads: always from the table, never from the address that was asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from django.db import close_old_connections

from apps.core.content.program.tracked import filling
from apps.core.errors import DomainError
from apps.mailings.fields import values_for
from apps.mailings.models import Delivery, Run, TrackedLink

#: Contents of runs whose links a process remembers; a content has some tens of links.
REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True)
class Destination:
    """An address, which may have placeholders."""

    address: str

    def for_delivery(self, delivery_id: int) -> str | None:
        """The address for this recipient; None where nobody can say any more."""
        if "{{" not in self.address:
            return self.address
        return _filled(self.address, delivery_id) if delivery_id else None


class Destinations:
    """The links of the contents asked for last. Those of a content never change: one that has none
    is remembered as well, for a token is made after them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int], dict[int, Destination]] = OrderedDict()

    def find(self, run_id: int, version: int, number: int) -> Destination | None:
        """Where the link leads. Raises DatabaseError where that is not known without a database."""
        key = (run_id, version)
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
        if found is None:
            found = self._load(key)
        return found.get(number)

    def _load(self, key: tuple[int, int]) -> dict[int, Destination]:
        close_old_connections()
        try:
            rows = TrackedLink.objects.filter(run_id=key[0], version=key[1]).order_by()
            found = {
                number: Destination(address)
                for number, address in rows.values_list("number", "address")
            }
        finally:
            close_old_connections()
        with self._lock:
            self._known[key] = found
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def _filled(address: str, delivery_id: int) -> str | None:
    """Placeholders are filled and escaped as in the letter."""
    close_old_connections()
    try:
        rows = Delivery.objects.select_related("recipient").filter(pk=delivery_id)
        delivery = rows.filter(recipient__erased_at=None).first()
        if delivery is None:
            return None
        runs = Run.objects.filter(pk=delivery.run_id)
        given = runs.values_list("content__fields", flat=True).first() or {}
        values = values_for(delivery.recipient, given, bits=delivery.condition_bits)
        filled = filling(address)(values)
    except DomainError:
        return None
    finally:
        close_old_connections()
    return filled if filled.lower().startswith(("http://", "https://")) else None
