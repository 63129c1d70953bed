"""Why a candidate is left out: one reason a person, the strongest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast

from apps.mailings.models import (
    ActivityMark,
    Consent,
    Delivery,
    Mailing,
    Recipient,
    RecipientTag,
    Run,
    Subscription,
)
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.rules.candidates import bounded, of_list
from apps.mailings.rules.rule import Rule, Window
from apps.mailings.run_content import served
from apps.mailings.segments import compiled

_GOT: Final = ("sent", "delivered", "bounced", "unknown")
#: A transaction that records may be so slow: the roll-up has all of a run that ended before.
_LATE: Final = timedelta(minutes=10)
#: Known by an unconfirmed sign-up alone: whatever was said since, nobody knows by whom.
_UNKNOWN: Final = Q(unconfirmed_since__isnull=False)


def reasoned(
    rule: Rule, rows: QuerySet[Recipient], window: Window | None = None
) -> QuerySet[Recipient]:
    """Each with the one reason that keeps it out as ``bar`` ('' for none), strongest first.

    ``term`` is the first exclusion that holds, ``subscription_id`` the right by which is written.
    What lies in the address is not looked at here: it depends on the channel (ledger.reach).
    """
    rights = rule.rights
    rows = rows.annotate(subscription_id=_subscription(rule, window))
    bars: list[When] = []
    if rights.needs_consent:
        if rule.basis == Mailing.Basis.CONSENT:
            rows = rows.annotate(said=_last_word(window))
        rows = rows.annotate(right=_right(rule, window))
        bars.append(When(~Q(right=""), then=F("right")))
    elif rights.needs_confirmation:
        bars.append(When(_UNKNOWN, then=Value(LeftOut.UNCONFIRMED.value)))
    if rights.heeds_wishes:
        bars.append(When(paused_until__gt=rule.moment, then=Value(LeftOut.PAUSED.value)))
    excluded = [When(one, then=Value(name)) for name, one in exclusions_of(rule, window)]
    term = Case(*excluded, default=Value(""), output_field=CharField())
    rows = rows.annotate(term=term if excluded else Value("", output_field=CharField()))
    if excluded:
        bars.append(When(~Q(term=""), then=Value(LeftOut.EXCLUDED.value)))
    if rule.languages:
        bars.append(When(~served(rule.languages), then=Value(LeftOut.NO_LANGUAGE.value)))
    bar = Case(*bars, default=Value(""), output_field=CharField())
    return rows.annotate(bar=bar if bars else Value("", output_field=CharField()))


def unbarred(
    rule: Rule, rows: QuerySet[Recipient], window: Window | None = None
) -> QuerySet[Recipient]:
    """Those whom nothing keeps out, in the form of ``reasoned``: quicker than every reason."""
    rights = rule.rights
    if rights.needs_consent:
        living = _subscriptions(rule, window).filter(status=Subscription.Status.SUBSCRIBED)
        yes = Q(Exists(living))
        if rule.basis == Mailing.Basis.CONSENT:
            rows = rows.annotate(said=_last_word(window))
            yes |= Q(said__in=Consent.PERMITS)
        rows = rows.filter(yes)
    if rights.needs_confirmation:
        rows = rows.filter(~_UNKNOWN)
    if rights.heeds_wishes:
        rows = rows.filter(Q(paused_until=None) | Q(paused_until__lte=rule.moment))
    for name, one in exclusions_of(rule, window):
        if not name.startswith("segment:"):
            rows = rows.filter(~one)
    if rule.exclude.segments:
        ground = rule.ground(window)
        for term in rule.exclude.segments:
            rows = rows.filter(compiled(term.tree, ground, deny=True))
    if rule.languages:
        rows = rows.filter(served(rule.languages))
    nothing = Value("", output_field=CharField())
    return rows.annotate(
        bar=nothing, term=nothing, subscription_id=Cast(Value(None), BigIntegerField())
    )


def _subscription(rule: Rule, window: Window | None) -> Any:
    """The living subscription by which is written: to the first list of the rule that has one."""
    of_consent = rule.basis == Mailing.Basis.CONSENT and rule.rights.needs_consent
    if not rule.lists and not of_consent:
        return Cast(Value(None), BigIntegerField())
    rows = _subscriptions(rule, window).filter(status=Subscription.Status.SUBSCRIBED)
    if not rule.lists:
        return Subquery(rows.order_by("list_id").values("pk")[:1])
    order = Case(
        *(When(list_id=pk, then=Value(at)) for at, pk in enumerate(rule.lists)),
        default=Value(len(rule.lists)),
        output_field=IntegerField(),
    )
    return Subquery(rows.order_by(order, "list_id").values("pk")[:1])


def _subscriptions(rule: Rule, window: Window | None) -> QuerySet[Subscription]:
    """A person's subscriptions that can give the right."""
    mine = Subscription.objects.filter(recipient_id=OuterRef("pk"))
    rows: QuerySet[Subscription] = bounded(mine, "recipient_id", window)
    if rule.basis == Mailing.Basis.CONSENT:
        return rows
    return rows.filter(list_id__in=rule.lists)


def _right(rule: Rule, window: Window | None) -> Case:
    """Why the right is missing; '' where it is there."""
    mine = _subscriptions(rule, window)
    of_status = Subscription.Status
    ended = Q(Exists(mine.filter(status__in=[of_status.UNSUBSCRIBED, of_status.SUNSET])))
    yes = Q(subscription_id__isnull=False)
    if rule.basis == Mailing.Basis.CONSENT:
        yes |= Q(said__in=Consent.PERMITS)
        ended |= Q(said=Consent.Act.WITHDRAWN)
    return Case(
        When(yes & ~_UNKNOWN, then=Value("")),
        When(ended, then=Value(LeftOut.UNSUBSCRIBED.value)),
        When(
            _UNKNOWN | Exists(mine.filter(status=of_status.UNCONFIRMED)),
            then=Value(LeftOut.UNCONFIRMED.value),
        ),
        default=Value(LeftOut.NO_CONSENT.value),
        output_field=CharField(),
    )


def _last_word(window: Window | None) -> Subquery:
    """The person's last word about everything of the owner's."""
    said = Consent.objects.filter(
        recipient_id=OuterRef("pk"),
        list_id=None,
        channel="",
        act__in=Consent.PERMITS + Consent.REVOKES,
    )
    return Subquery(bounded(said, "recipient_id", window).order_by("-pk").values("act")[:1])


def exclusions_of(rule: Rule, window: Window | None = None) -> list[tuple[str, Q]]:
    """What keeps people out, each by its name, in the order in which the first is looked for."""
    exclude, found = rule.exclude, list[tuple[str, Q]]()
    for pk in exclude.lists:
        subscribed = of_list(pk, window).filter(status=Subscription.Status.SUBSCRIBED)
        found.append((f"list:{pk}", Q(Exists(subscribed))))
    if exclude.segments:
        ground = rule.ground(window)
        found += [(f"segment:{one.id}", compiled(one.tree, ground)) for one in exclude.segments]
    for pk in exclude.tags:
        tagged = RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag_id=pk)
        found.append((f"tag:{pk}", Q(Exists(bounded(tagged, "recipient_id", window)))))
    for pk in exclude.mailings:
        found.append((f"mailing:{pk}", _got_mailing(pk, window)))
    for pk in exclude.again:
        found.append((f"mailing:{pk}", _is_asked(pk, window)))
    if exclude.days:
        found.append((f"days:{exclude.days}", _mailed_since(rule, exclude.days, window)))
    return found


def _deliveries(window: Window | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(recipient_id=OuterRef("pk"))
    return bounded(rows, "recipient_id", window)


def _got_mailing(pk: int, window: Window | None) -> Q:
    """Who got it, or may have. In a done run an index alone answers."""
    runs = Run.objects.filter(mailing_id=pk).values_list("pk", "state")
    done = [run for run, state in runs if state == Run.State.DONE]
    others = [run for run, state in runs if state != Run.State.DONE]
    out = Q(indexed_state__isnull=True) | Q(indexed_state__in=_GOT)
    of_done = _deliveries(window).filter(out, run_id__in=done)
    of_others = _deliveries(window).filter(run_id__in=others, state__in=("sending", *_GOT))
    return Q(Exists(of_done)) | Q(Exists(of_others))


def _is_asked(pk: int, window: Window | None) -> Q:
    """Who got it, may have, or waits for it in a run that is frozen."""
    open_runs = Run.objects.filter(mailing_id=pk).exclude(
        state__in=(Run.State.PREPARING, Run.State.DONE)
    )
    waiting = _deliveries(window).filter(
        run_id__in=list(open_runs.values_list("pk", flat=True)), state=Delivery.State.PENDING
    )
    return _got_mailing(pk, window) | Q(Exists(waiting))


def _mailed_since(rule: Rule, days: int, window: Window | None) -> Q:
    """Who got anything of the owner's mailings in so many days before the rule's moment.

    Most people got nothing in these days at all, and the roll-up alone says so. It follows a little
    behind: runs that are open, or ended after its mark, are asked themselves, as are those with
    deliveries of which nobody knows.
    """
    since = rule.moment - timedelta(days=days)
    recent = Run.objects.filter(~Q(state=Run.State.DONE) | Q(finished_at__gt=since))
    recent = recent.filter(mailing__owner_id=rule.owner_id, mailing__kind=Mailing.Kind.MAILING)
    mark = ActivityMark.objects.values_list("followed_until", flat=True).first()
    followed, others = list[int](), list[int]()
    for pk, ended, unknown in recent.values_list("pk", "finished_at", "unknown"):
        behind = mark is not None and ended is not None and ended < mark - _LATE
        (followed if behind and not unknown else others).append(pk)
    sent = Q(state="sending") | Q(state__in=_GOT, sent_at__gte=since)
    rows = _deliveries(window).filter(sent)
    lately = Q(activity__last_sent_at__gte=since) & Q(Exists(rows.filter(run_id__in=followed)))
    return lately | Q(Exists(rows.filter(run_id__in=others)))
