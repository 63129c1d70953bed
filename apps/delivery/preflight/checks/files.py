"""Whether everybody has the files that each recipient gets for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.template_language import TemplateRefused
from apps.delivery.engine.staging.finding import LocalFiles
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, failure, passed, unchecked, warning
from apps.delivery.preflight.letter import Letter
from apps.mailings.fields import fields_of
from apps.mailings.models import PersonalFile, Recipient
from apps.mailings.personal_files.naming import Found, Wanted, kept
from apps.mailings.services.reach import audience_of

#: People who are looked at; of more the rest is not checked.
MOST: Final = 50_000
#: Missing files that are named.
_NAMED: Final = 5
_CHUNK: Final = 500
_TEXTS: Final = {
    "file_missing": _("“%(name)s” is missing for %(count)s of %(all)s: %(names)s."),
    "file_too_large": _("“%(name)s” is too large for %(count)s of %(all)s: %(names)s."),
    "file_refused": _("“%(name)s” can’t be sent to %(count)s of %(all)s: %(names)s."),
}


class FileCheck(Check):
    """Each recipient's files by name. What lies behind an address is fetched before the start."""

    name = "files"
    title = _("Files for each recipient")
    seconds = 30.0
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        files = list(letter.mailing.message.personal_files.order_by("pk"))
        if not files:
            yield passed(_("There are no files for each recipient."))
            return
        people = _people(letter)
        for file in files:
            try:
                yield from _judged(file, letter, people[:MOST])
            except TemplateRefused:
                fix = _("Correct the placeholders in its name.")
                yield failure(_("“%(name)s” can’t be read."), fix, Place.MESSAGE, name=file.name)
        if len(people) > MOST:
            yield unchecked(_("Only the first %(count)s recipients were looked at."), count=MOST)


def _people(letter: Letter) -> list[int]:
    channels = [channel for channel, _account in letter.mailing.routes]
    return list(audience_of(letter.mailing).ids(channels, MOST + 1))


def _judged(file: PersonalFile, letter: Letter, people: Sequence[int]) -> Iterator[Finding]:
    if file.source == PersonalFile.Source.URL:
        text = _("“%(name)s” is fetched for everybody before the first message leaves.")
        yield unchecked(text, name=file.name)
        return
    lacking = _lacking(file, letter, people)
    if not lacking:
        yield passed(_("Everybody has “%(name)s”."), name=file.name)
        return
    codes = Counter(code for code, _name in lacking)
    for code in _TEXTS:
        if not codes[code]:
            continue
        names = [name for one, name in lacking if one == code][:_NAMED]
        figures: dict[str, str | int] = {"name": file.name, "count": codes[code]}
        figures |= {"all": len(people), "names": ", ".join(names)}
        if file.required:
            fix = _("Add the files: without them these recipients get nothing.")
            yield failure(_TEXTS[code], fix, Place.FILES, **figures)
        else:
            fix = _("Add the files, or these recipients get the message without them.")
            yield warning(_TEXTS[code], fix, Place.FILES, **figures)


def _lacking(file: PersonalFile, letter: Letter, people: Sequence[int]) -> list[tuple[str, str]]:
    """Code and name of each file that is not to be had."""
    wanted, found = Wanted(kept(file)), []
    by_program = file.source == PersonalFile.Source.API
    for start in range(0, len(people), _CHUNK):
        rows = Recipient.objects.filter(pk__in=people[start : start + _CHUNK]).order_by("pk")
        names: list[Found] = []
        for one in rows:
            here = wanted.of(fields_of(one))
            names.append(Found(here.name, str(one.pk)) if by_program else here)
        local = LocalFiles(wanted, letter.mailing.pk, [one.origin for one in names])
        for here in names:
            result = local.result(here.origin, here.name)
            if result.code:
                found.append((result.code, here.name))
    return found
