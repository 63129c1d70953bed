"""The terms of an audience's rule, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from apps.mailings.models import Mailing, MailingList, Segment, Tag

_NAMES: Final[dict[str, Callable[[], Any]]] = {
    "list": MailingList.objects.all,
    "segment": Segment.objects.all,
    "tag": Tag.objects.all,
    "mailing": Mailing.objects.all,
}
#: Of each kind so many are named.
_NAMED: Final = 20
_PHRASES: Final[dict[str, Promise]] = {
    "list": pgettext_lazy("term", "list “%(name)s”"),
    "segment": pgettext_lazy("term", "segment “%(name)s”"),
    "tag": pgettext_lazy("term", "tag “%(name)s”"),
    "mailing": pgettext_lazy("term", "got “%(name)s”"),
}
_SIMPLE: Final[dict[str, Promise]] = {
    "everyone": pgettext_lazy("term", "all recipients"),
    "chosen": pgettext_lazy("term", "chosen individually"),
}


def exclusion_words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Terms such as ``tag:2`` by their names, with their counts, the largest first."""
    named = names_of(counts)
    found = [(named.get(term) or _days(term), count) for term, count in counts.items()]
    return sorted(found, key=lambda one: -one[1])


def names_of(terms: Iterable[str]) -> dict[str, str]:
    """What lists, segments, tags and mailings among the terms are called; deleted ones are not."""
    ids: dict[str, list[int]] = {}
    for term in terms:
        kind, _colon, number = term.partition(":")
        if number:
            ids.setdefault(kind, []).append(int(number))
    return {
        f"{kind}:{row.pk}": str(row)
        for kind, rows in _NAMES.items()
        if kind in ids
        for row in rows().filter(pk__in=ids[kind])
    }


def term_words(terms: Iterable[str]) -> dict[str, str]:
    """Each of the terms as a phrase that says what kind of thing it is."""
    terms = list(terms)
    names = names_of(terms)
    return {term: _phrase(term, names.get(term)) for term in terms}


def included_phrases(mailing: Mailing) -> list[str]:
    """The lists and segments of a mailing, each as a phrase."""
    return _phrases({"list": mailing.lists, "segment": mailing.segments})


def excluded_phrases(mailing: Mailing) -> list[str]:
    """Whom it excludes, each as a phrase."""
    found = _phrases(
        {
            "list": mailing.exclude_lists,
            "segment": mailing.exclude_segments,
            "tag": mailing.exclude_tags,
            "mailing": mailing.exclude_mailings,
        }
    )
    days = mailing.exclude_mailed_days
    if mailing.again_of_id is not None:
        found.append(pgettext("term", "was already written to again"))
    return [*found, *([_days(f"days:{days}")] if days else [])]


def _phrases(related: Mapping[str, Any]) -> list[str]:
    return [
        str(_PHRASES[kind]) % {"name": str(row)}
        for kind, rows in related.items()
        for row in rows.all()[:_NAMED]
    ]


def _phrase(term: str, name: str | None) -> str:
    kind, _colon, number = term.partition(":")
    if kind == "days":
        return _days(term)
    if kind not in _PHRASES:
        return str(_SIMPLE.get(kind, term))
    shown = name or pgettext("conditions", "deleted (id:%(id)s)") % {"id": number}
    return str(_PHRASES[kind]) % {"name": shown}


def _days(term: str) -> str:
    kind, _colon, number = term.partition(":")
    if kind != "days":
        return term
    text = ngettext("mailed in %(count)d day", "mailed in %(count)d days", int(number))
    return text % {"count": int(number)}
