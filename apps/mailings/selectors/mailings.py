"""What the pages ask about mailings, their runs and their deliveries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, F, FloatField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import NullIf
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet
from apps.core.text.formatting import grouped, humanize_time, kept_words
from apps.mailings.models import Attempt, Channel, Mailing, Run, RunRoute
from apps.mailings.recurrence import missed
from apps.mailings.selectors.feeds.standing import feed_reason, feed_wait, with_feeds
from apps.mailings.selectors.files.personal_files import files_text
from apps.mailings.selectors.permission.exclusions import excluded_phrases, included_phrases
from apps.mailings.selectors.standing import Standing, standing_of
from apps.mailings.selectors.totals import Figures, figures_of
from apps.mailings.wait_reasons import advice_of, reason_code, reason_of
from apps.users.selectors import overseers

#: How a moment is put in words, as seen from another one.
FormatTime = Callable[[datetime, datetime], str]
#: Mailings that a select offers.
_OFFERED: Final = 50
#: Tags of an audience that are named one by one.
_NAMED: Final = 30
RUNS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class MailingCard:
    """A mailing with its current run, how it stands and what happens next.

    ``reason``: why it does not go on, as a code: of its run, or of the last refusal to start it.
    """

    mailing: Mailing
    run: Run | None
    standing: Standing
    next_step: str
    reason: str = ""

    @property
    def figures(self) -> Figures | None:
        """What became of the deliveries of its run, once there is one."""
        return figures_of(self.run) if self.run is not None else None

    @property
    def problems(self) -> int:
        """How many of them did not arrive, or may not have."""
        run = self.run
        return run.failed + run.bounced + run.unknown if run is not None else 0


def shown_mailings(*, archived: bool | None = None) -> OwnedQuerySet[Mailing]:
    """Mailings with what a card shows of them: all, or one half by whether they are archived."""
    protected = Exists(overseers().filter(pk=OuterRef("owner_id")))
    rows = Mailing.objects.select_related("owner", "message")
    if archived is not None:
        rows = rows.filter(archived_at__isnull=not archived)
    return rows.annotate(owner_oversees=protected)


def living_mailings() -> OwnedQuerySet[Mailing]:
    """Mailings that are not in the archive."""
    return shown_mailings(archived=False)


def listed(rows: OwnedQuerySet[Mailing]) -> OwnedQuerySet[Mailing]:
    """Those that a list names: not the messages to one recipient, of which there may be any number.

    They are found by their id, their recipient, and their attempts.
    """
    return rows.filter(kind=Mailing.Kind.MAILING)


def shown_runs() -> OwnedQuerySet[Run]:
    """Runs of all mailings: the history of an archived one can still be read."""
    rows: OwnedQuerySet[Run] = Run.objects.select_related("mailing", "mailing__owner")
    return rows


def living_runs() -> OwnedQuerySet[Run]:
    """Runs of mailings that are not in the archive."""
    return shown_runs().filter(mailing__archived_at=None)


def newest_mailings(owner_id: int) -> OwnedQuerySet[Mailing]:
    """The owner's newest mailings, for a select."""
    mine = Mailing.objects.filter(owner_id=owner_id, kind=Mailing.Kind.MAILING, archived_at=None)
    return mine.order_by("-pk")[:_OFFERED]


def named_like(rows: OwnedQuerySet[Mailing], query: str) -> OwnedQuerySet[Mailing]:
    """Those whose name contains the words, in any case.

    SQLite's LIKE knows only the case of Latin letters; its REGEXP is Python's and knows them all.
    """
    query = query.replace("\x00", "").strip()
    return rows.filter(name__iregex=re.escape(query)) if query else rows


def cards_of(
    mailings: Sequence[Mailing], *, now: datetime, format_time: FormatTime = humanize_time
) -> list[MailingCard]:
    """The cards of these mailings: their current runs in one query.

    ``format_time`` puts the moments in words.
    """
    runs = current_runs(mailings)
    with_feeds(mailings, now)
    for mailing in mailings:
        if mailing.pk in runs:
            runs[mailing.pk].mailing = mailing
    turns = queue_places(list(runs.values()))
    return [
        MailingCard(
            mailing,
            run := runs.get(mailing.pk),
            standing_of(mailing, run, now),
            next_step(
                mailing,
                run,
                now,
                format_time=format_time,
                turn=turns.get(run.pk, "") if run else "",
            ),
            reason_code(run) if run is not None else _start_reason(mailing, now),
        )
        for mailing in mailings
    ]


def current_runs(mailings: Sequence[Mailing]) -> dict[int, Run]:
    """The current runs of these mailings by the mailing's id, in one query."""
    rows = Run.objects.filter(mailing__in=mailings, number=F("mailing__current_run"))
    return {run.mailing_id: run for run in rows.defer("content")}


def standings_of(mailings: Sequence[Mailing], now: datetime) -> dict[int, Standing]:
    """How each of these mailings stands, in one query."""
    runs = current_runs(mailings)
    return {row.pk: standing_of(row, runs.get(row.pk), now) for row in mailings}


def _start_reason(mailing: Mailing, now: datetime) -> str:
    refused = mailing.start_refusal.get("code", "") if mailing.starts_at <= now else ""
    return feed_reason(mailing, now) or str(refused)


def current_run_of(mailing: Mailing) -> Run | None:
    """The run that ``current_run`` points at, once it has been launched."""
    return mailing.runs.filter(number=mailing.current_run).defer("content").first()


def newest_runs(mailing: Mailing) -> QuerySet[Run]:
    """The runs that a page lists, with the address of each one's sender, if it had one."""
    rows = mailing.runs.defer("content").annotate(from_address=KT("content__sender__address"))
    return rows.order_by("-number")[:RUNS_SHOWN]


def sortable(rows: OwnedQuerySet[Mailing]) -> OwnedQuerySet[Mailing]:
    """The same with the figures of the current run by which a list is sorted."""
    runs = Run.objects.filter(mailing=OuterRef("pk"), number=OuterRef("current_run")).order_by()
    good = F("sent") + F("delivered") + F("bounced")
    share = good * 1.0 / NullIf(F("audience"), 0)
    return rows.annotate(
        run_audience=Subquery(runs.values("audience")),
        run_share=Subquery(runs.values(share=share), output_field=FloatField()),
        run_problems=Subquery(runs.values(bad=F("failed") + F("bounced") + F("unknown"))),
    )


def next_step(
    mailing: Mailing,
    run: Run | None,
    now: datetime,
    *,
    format_time: FormatTime = humanize_time,
    turn: str = "",
) -> str:
    """What happens next to this mailing, and why not now. Needs ``mailing.owner`` to be loaded.

    ``format_time`` puts the moments in words; ``turn`` says whom a queued run waits for
    (``queue_places``).
    """
    if run is not None and run.state == Run.State.DONE:
        return finished_text(run, now, format_time=format_time)
    if not mailing.is_active:
        return _("Disabled by a manager; nothing is sent.")
    if not mailing.owner.is_active:
        return _("Nothing is sent: the owner is blocked.")
    if run is None:
        return _before_launch(mailing, now, format_time)
    return waiting_text(run, now, format_time=format_time, turn=turn)


def finished_text(run: Run, now: datetime, *, format_time: FormatTime = humanize_time) -> str:
    """How long ago a done run ended, and what is left for a person to do."""
    if run.unknown:
        return unknown_text(run)
    if run.finished_at is None:
        return _("Finished.")
    return _("Finished: %(when)s.") % {"when": format_time(run.finished_at, now)}


def unknown_text(run: Run) -> str:
    """How many deliveries wait for a person's decision."""
    return ngettext(
        "Outcome unknown for %(count)d delivery. Your decision is needed.",
        "Outcome unknown for %(count)d deliveries. Your decision is needed.",
        run.unknown,
    ) % {"count": run.unknown}


def queue_places(runs: Sequence[Run]) -> dict[int, str]:
    """Whom the queued ones of these wait for, in words, in one query. Another owner's is not named.

    Needs ``mailing`` of the queued ones.
    """
    queued = [run for run in runs if run.state == Run.State.QUEUED]
    if not queued:
        return {}
    rows = Run.objects.filter(
        state=Run.State.PROCESSING, account__in={run.account for run in queued}
    )
    first: dict[tuple[str, bool], Run] = {}
    for run in rows.select_related("mailing").defer("content").order_by("priority", "queued_at"):
        first.setdefault((run.account, run.urgent), run)
    return {
        run.pk: _behind(run, ahead)
        for run in queued
        if (ahead := first.get((run.account, run.urgent))) is not None
    }


def _behind(run: Run, ahead: Run) -> str:
    if run.mailing.owner_id != ahead.mailing.owner_id:
        text = _("Queued behind another user's mailing on account %(account)s: users take turns.")
        return text % {"account": run.account}
    text = _("Queued behind “%(name)s” (id:%(id)s) on account %(account)s.")
    facts = {"name": ahead.mailing.name, "id": ahead.mailing_id, "account": run.account}
    return text % facts


def waiting_text(
    run: Run, now: datetime, *, format_time: FormatTime = humanize_time, turn: str = ""
) -> str:
    """What an open run is doing, or what it waits for and until when."""
    if run.stopping:
        return _("Stopping: waiting for messages already being sent.")
    if run.state == Run.State.PREPARING:
        return files_text(run, now, format_time) or _("Preparing the recipient list.")
    if run.state == Run.State.QUEUED:
        return turn or _("Queued.")
    if run.state == Run.State.PROCESSING:
        settled = run.audience - run.pending - run.sending
        return _("Sending: %(done)s of %(all)s.") % {
            "done": grouped(settled),
            "all": grouped(run.audience),
        }
    if run.reason == Run.Reason.PAUSED_BY_USER:
        return _("Paused manually.")
    return f"{_wait_words(run, now, format_time)} {advice_of(run.reason)}".rstrip()


def _wait_words(run: Run, now: datetime, format_time: FormatTime) -> str:
    reason = reason_of(run)
    if run.state == Run.State.PAUSED:
        return _("Paused: %(reason)s.") % {"reason": reason}
    if run.deferred_until is None:
        return _("Waiting: %(reason)s.") % {"reason": reason}
    return _("Waiting until %(when)s: %(reason)s.") % {
        "when": format_time(run.deferred_until, now),
        "reason": reason,
    }


def _before_launch(mailing: Mailing, now: datetime, format_time: FormatTime) -> str:
    why_not = kept_words(mailing.start_refusal).rstrip(".") if mailing.start_refusal else ""
    if mailing.status == Mailing.Status.COMPLETED:
        return _("Closed before it was sent.")
    if now >= mailing.ends_at:
        return _over_words(mailing, why_not)
    if mailing.is_draft:
        return _("Draft: it won’t start on its own. Review it to schedule or send.")
    if mailing.start_refusal.get("code") == Run.Reason.APPROVAL and now >= mailing.starts_at:
        return _("Waiting: %(reason)s.") % {"reason": Run.Reason.APPROVAL.label}
    if missed(mailing, now):
        text = _("Missed its start (%(when)s). Send it now or skip this run.")
        if not mailing.repeat:
            text = _("Missed its start (%(when)s). Send it now or set another time.")
        return text % {"when": format_time(mailing.starts_at, now)}
    if now < mailing.starts_at:
        return _("Scheduled for %(when)s.") % {"when": format_time(mailing.starts_at, now)}
    if wait := feed_wait(mailing, now, format_time):
        return wait
    if why_not:
        text = _("Can’t start: %(reason)s. Retried until %(when)s.")
        return text % {"reason": why_not, "when": format_time(mailing.ends_at, now)}
    return _("Starting within a few minutes.")


def _over_words(mailing: Mailing, why_not: str) -> str:
    """A mailing whose end came before its current run; earlier runs have sent what they have."""
    if mailing.current_run > 1:
        text = _("The sending window ended; nothing was sent in run #%(number)d.")
        return text % {"number": mailing.current_run}
    if why_not:
        return _("The sending window ended; nothing was sent: %(reason)s.") % {"reason": why_not}
    return _("The sending window ended; nothing was sent.")


def routes_of(run: Run) -> list[RunRoute]:
    """The channels of a run in their order, with how many go over each; none if it has only one."""
    routes = list(run.routes.order_by("position"))
    return routes if len(routes) > 1 else []


def fallback_routes(mailing: Mailing) -> list[tuple[str, str]]:
    """The second and third channel of a mailing, as people call them, with their accounts."""
    return [(str(Channel(channel).label), account) for channel, account in mailing.routes[1:]]


def audience_text(mailing: Mailing) -> list[str]:
    """Whom the mailing is for, one phrase per way of choosing."""
    excluded = excluded_phrases(mailing)
    but_not = [_("but not: %(terms)s") % {"terms": ", ".join(excluded)}] if excluded else []
    if mailing.everyone:
        return [_("All recipients of the owner"), *but_not]
    parts = included_phrases(mailing)
    tags = list(mailing.filter_tags.order_by("name").values_list("name", flat=True))
    if tags:
        parts.append(_("Tags: %(tags)s") % {"tags": ", ".join(tags[:_NAMED])})
    if len(tags) > _NAMED:
        parts.append(_("and %(count)s more tags") % {"count": grouped(len(tags) - _NAMED)})
    if mailing.filter_operator_codes:
        codes = ", ".join(mailing.filter_operator_codes)
        parts.append(_("Operator codes: %(codes)s") % {"codes": codes})
    chosen_ones = mailing.recipients.count()
    if chosen_ones:
        parts.append(
            ngettext(
                "%(count)d individual recipient",
                "%(count)d individual recipients",
                chosen_ones,
            )
            % {"count": chosen_ones}
        )
    return [*(parts or [_("Nobody yet")]), *but_not]


def attempts_of(actor: Actor) -> QuerySet[Attempt]:
    """Everything that the actor may see. Own mailings go first into a list of ids: the index of
    attempts begins with the mailing."""
    rows = Attempt.objects.select_related("mailing", "mailing__owner", "recipient")
    if actor.sees_all:
        return rows
    return rows.filter(mailing_id__in=Mailing.objects.visible_to(actor).order_by().values("pk"))
