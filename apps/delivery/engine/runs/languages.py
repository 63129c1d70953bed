"""The contents of a run in its languages and variants, made at the launch.

Of its languages also made anew, when an edit replaces them.

Refused
├─ TranslationMissing   translation_missing   somebody would get a letter that is translated in part
├─ LanguageUnknown      language_unknown      nobody has said in which language it is written
├─ LanguagesChanged     languages_changed     a language that the run began with is gone
└─ ExperimentFixed      experiment_fixed      what an experiment compares is not replaced
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db.models import Max
from django.utils.translation import gettext_noop as _

from apps.core.content.translation import Progress
from apps.core.errors import ContentRefused, Refused
from apps.core.text.formatting import refusal
from apps.core.text.languages import language_name
from apps.delivery.engine.render import compile_routes, with_content
from apps.mailings.ledger.reach import languages_of
from apps.mailings.models import Mailing, Message, Run, RunContent
from apps.mailings.rules import Rule, candidates, unbarred
from apps.mailings.run_content import (
    Choice,
    Split,
    choice_of,
    chosen_by,
    contents_of,
    language_for,
)
from apps.mailings.services.experiments.variants import Written, untranslated
from apps.mailings.services.languages.translations import (
    LanguageUnknown,
    progress_in_all,
    translations_of,
    with_entries,
)
from apps.mailings.services.letters.bodies import check_message

#: The version of what the message itself says; those of its translations follow.
FIRST: Final = 1


class TranslationMissing(ContentRefused):
    """Somebody would get a letter that is translated in part only."""

    code = "translation_missing"


class LanguagesChanged(Refused):
    """The message has no longer a language that a frozen run has deliveries in."""

    code = "languages_changed"


class ExperimentFixed(Refused):
    """The contents that an experiment compares are not replaced while it is sent."""

    code = "experiment_fixed"


@dataclass(frozen=True, slots=True)
class Further:
    """The contents of a run beside its own, in the order of their versions."""

    contents: Sequence[dict[str, Any]] = ()

    def save(self, run: Run, *, first: int) -> None:
        """Keep them with the run, which is saved; their versions begin with ``first``."""
        RunContent.objects.bulk_create(
            RunContent(
                run=run,
                version=version,
                language=content["language"],
                variant=content.get("variant", 0),
                content=content,
            )
            for version, content in enumerate(self.contents, first)
        )


def contents_for(
    variants: Sequence[Written],
    rule: Rule,
    snapshot: Callable[[Mailing], dict[str, Any]],
    *,
    share: int = 100,
) -> tuple[dict[str, Any], Further]:
    """The content of a new run, and those in its other languages and variants.

    ``share``: how many of a hundred get a variant before one is chosen. What tags and segments are
    asked is asked once: a delivery has the same bits in all contents. Raises TranslationMissing,
    LanguageUnknown, VariantUntranslated, ContentRefused.
    """
    written = [_written_for(variants[0].mailing, rule)]
    languages = [one.message.language for one in written[0]]
    written += [_in_languages(one, languages, rule) for one in variants[1:]]
    for one in chain.from_iterable(written):
        check_message(one.message)
    if len(variants) == 1 and len(languages) == 1:
        own = snapshot(written[0][0])
        is_own = languages[0] == variants[0].mailing.message.language
        return own if is_own else {**own, "language": languages[0]}, Further()
    contents = [
        {**snapshot(one), "language": code} | ({"variant": number} if len(variants) > 1 else {})
        for number, ones in enumerate(written, 1)
        for code, one in zip(languages, ones, strict=True)
    ]
    by_language = {code: at for at, code in enumerate(languages, FIRST) if code}
    count, step = len(variants), len(languages)
    hours = [one.hours for one in variants]
    split = Split.made(step=step, share=share, hours=hours) if count > 1 else None
    made = _chosen(contents, Choice(by_language, FIRST, split), asked=_asked_together(contents))
    return made[0], Further(made[1:])


def _in_languages(variant: Written, languages: Sequence[str], rule: Rule) -> list[Mailing]:
    """The variant in each of the languages. Raises VariantUntranslated, TranslationMissing."""
    found = {one.message.language: one for one in _written_for(variant.mailing, rule)}
    if found.keys() != set(languages) or (variant.own_head and len(languages) > 1):
        raise untranslated(variant.letter)
    return [found[code] for code in languages]


def _asked_together(contents: Sequence[dict[str, Any]]) -> list[Any]:
    """What any of the contents asks of a person, each once."""
    found = {(one["kind"], one["id"]): one for made in contents for one in made.get("asked", ())}
    return list(found.values())


def kept_rule(rule: Rule, mailing: Mailing, content: dict[str, Any]) -> Rule:
    """The rule with the languages that the run has: one that nobody got may be translated in part.

    Who comes later and speaks such a one is left out as well.
    """
    if not rule.languages:
        return rule
    choice = choice_of(content)
    made = tuple(choice.languages) if choice is not None else (mailing.message.language,)
    return replace_fields(rule, languages=made)


def check_compiled(
    run: Run, further: Further, routes: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Compile every content of the run for every route, to see that it can be.

    Raises ContentRefused, AccountUnknown.
    """
    for content in (run.content, *further.contents):
        compile_routes(with_content(run, content), routes, now)


def _written_for(mailing: Mailing, rule: Rule) -> list[Mailing]:
    """The mailing with its message in each language that it is sent in, its own first.

    To one person it goes in the language of the person.
    """
    message = mailing.message
    further = translations_of(message)
    further.pop(message.language, None)  # it was said later in which language it is written
    if mailing.other_languages == Mailing.OtherLanguages.LEAVE_OUT and not message.language:
        raise LanguageUnknown(_("Say first in which language the message is written."))
    if not further:
        return [mailing]
    progress = progress_in_all(message)
    progress.pop(message.language, None)
    _demand_whole(mailing, rule, progress)
    whole = [code for code, one in progress.items() if one.is_whole]
    made = {code: with_entries(message, further[code], code) for code in whole}
    if rule.single:
        chosen = _of_one(mailing, [message.language, *whole])
        return [_with_message(mailing, made[chosen])] if chosen in made else [mailing]
    return [mailing, *(_with_message(mailing, one) for one in made.values())]


def _demand_whole(mailing: Mailing, rule: Rule, progress: dict[str, Progress]) -> None:
    """Raise TranslationMissing where somebody would get a language that lacks a string."""
    partial = [code for code, one in progress.items() if not one.is_whole]
    if not partial:
        return
    known = [mailing.message.language, *progress]
    for spoken in _spoken(mailing, rule):
        code = language_for(spoken, known)
        if code in partial:
            raise _missing(code, progress[code])


def _spoken(mailing: Mailing, rule: Rule) -> list[str]:
    """The languages of those who would get it."""
    channels = [channel for channel, _account in mailing.routes]
    rows = unbarred(rule, candidates(rule))
    return [code for code in languages_of(rows, rule.rights, rule.owner_id, channels) if code]


def _of_one(mailing: Mailing, known: Sequence[str]) -> str | None:
    """Which of the languages is that of the one recipient."""
    spoken = mailing.recipients.values_list("language", flat=True).first() or ""
    return language_for(spoken, known)


def _with_message(mailing: Mailing, message: Message) -> Mailing:
    """The same mailing of a message in another language, not to be saved."""
    found = copy(mailing)
    found.message = message
    return found


def replacing(
    run: Run, snapshot: Callable[[Message], dict[str, Any]]
) -> tuple[dict[str, Any], Further]:
    """The contents that replace those of a frozen run, in the same languages.

    Raises LanguagesChanged, TranslationMissing, DocumentInvalid.
    """
    message, old = run.mailing.message, run.content
    choice = choice_of(old)
    if choice is not None and choice.split is not None:
        text = _(
            "The contents of an experiment can’t be replaced. Stop the mailing and start it anew."
        )
        raise refusal(ExperimentFixed, text)
    if choice is None:
        language = old.get("language")
        if language is None:
            return snapshot(message), Further()
        return {**snapshot(_translated(message, language)), "language": language}, Further()
    languages = [old["language"], *(code for code in choice.languages if code != old["language"])]
    if languages[0] and message.language != languages[0]:
        raise _changed(languages[0])
    own = {**snapshot(message), "language": languages[0]}
    contents = [
        own,
        *({**snapshot(_translated(message, code)), "language": code} for code in languages[1:]),
    ]
    made = _chosen(contents, choice, asked=old.get("asked", ()))
    return made[0], Further(made[1:])


def unchanged(run: Run, own: dict[str, Any], further: Further) -> bool:
    """True if these are the contents that the run has in force already."""
    old = {content.get("language", ""): content for content in contents_of(run).values()}
    new = {content.get("language", ""): content for content in (own, *further.contents)}
    return old == new


def replace(run: Run, own: dict[str, Any], further: Further) -> None:
    """Put these in the places of the run's contents, which stay with those who got them."""
    old = run.content.get("language", "") if choice_of(run.content) else ""
    RunContent.objects.create(
        run=run, version=run.content_version, language=old, content=run.content
    )
    versions = RunContent.objects.filter(run=run).aggregate(last=Max("version"))
    run.content, run.content_version = own, max(versions["last"], run.content_version) + 1
    run.save(update_fields=["content", "content_version", "updated_at"])
    further.save(run, first=run.content_version + 1)


def _chosen(
    contents: Sequence[dict[str, Any]], choice: Choice, *, asked: Sequence[Any]
) -> list[dict[str, Any]]:
    """The contents with the choice; all of them ask what is ``asked``."""
    common = {"asked": list(asked)} if asked else {}
    return [chosen_by({**content, **common}, choice) for content in contents]


def _translated(message: Message, code: str) -> Message:
    """The message in a language that a run has. Raises LanguagesChanged, TranslationMissing."""
    if code == message.language:
        return message
    entries = translations_of(message).get(code)
    if entries is None:
        raise _changed(code)
    facts = progress_in_all(message)[code]
    if not facts.is_whole:
        raise _missing(code, facts)
    return with_entries(message, entries, code)


def _missing(code: str, facts: Progress) -> TranslationMissing:
    text = _(
        "The translation is not complete: %(language)s lacks %(missing)s of %(total)s texts."
        " Complete it, or remove this language."
    )
    named = language_name(code)
    return TranslationMissing(text, language=named, missing=facts.missing, total=facts.total)


def _changed(code: str) -> LanguagesChanged:
    text = _(
        "The message is no longer in a language that this mailing began with: %(language)s."
        " Stop the mailing and start it anew."
    )
    return refusal(LanguagesChanged, text, language=language_name(code))
