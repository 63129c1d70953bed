"""The terms by which people are excluded, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import ngettext

from apps.mailings.models import Mailing, MailingList, Segment, Tag

_NAMES: Final[dict[str, Callable[[], Any]]] = {
    "list": MailingList.objects.all,
    "segment": Segment.objects.all,
    "tag": Tag.objects.all,
    "mailing": Mailing.objects.all,
}


def exclusion_words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Terms such as ``tag:2`` by their names, with their counts, the largest first."""
    ids: dict[str, list[int]] = {}
    for term in counts:
        kind, _colon, number = term.partition(":")
        ids.setdefault(kind, []).append(int(number))
    named = {
        f"{kind}:{row.pk}": str(row)
        for kind, rows in _NAMES.items()
        if kind in ids
        for row in rows().filter(pk__in=ids[kind])
    }
    found = [(named.get(term) or _days(term), count) for term, count in counts.items()]
    return sorted(found, key=lambda one: -one[1])


def _days(term: str) -> str:
    kind, _colon, number = term.partition(":")
    if kind != "days":
        return term
    text = ngettext("mailed in %(count)d day", "mailed in %(count)d days", int(number))
    return text % {"count": int(number)}
