"""`/api/mailings/{id}/why/` and `/api/runs/{id}/why/`: one address, and the whole answer."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Query, Router

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.permission.why import WhyOut, WhyQuery
from apps.core.permissions import visible_or_404
from apps.mailings.models import Mailing, Recipient, Run
from apps.mailings.selectors.mailings import shown_mailings, shown_runs
from apps.mailings.selectors.why import (
    Reason,
    Right,
    Why,
    person_asked,
    why_of_mailing,
    why_of_run,
)
from apps.users.models import ApiToken

router = Router(tags=["Why"])


def asked(mailing: Mailing, query: WhyQuery, run: Run | None = None) -> Recipient:
    """Whom the address names; Http404 for nobody."""
    person = person_asked(mailing, {"address": query.address}, run)
    if person is None:
        raise Http404
    return person


@router.get(
    "/mailings/{int:pk}/why/",
    response=answers({200: WhyOut}, 404),
    summary="Why somebody would get a mailing",
)
def explain_mailing(request: ApiRequest, pk: int, query: Query[WhyQuery]) -> dict[str, Any]:
    """What would become of the recipient with this address, if it were started now."""
    mailing = visible_or_404(shown_mailings(), request.auth.user, pk=pk)
    why = why_of_mailing(mailing, asked(mailing, query), now=timezone.now())
    return body_of(why, mailing, request)


@router.get(
    "/runs/{int:pk}/why/",
    response=answers({200: WhyOut}, 404),
    summary="Why somebody got a run, or did not",
)
def explain_run(request: ApiRequest, pk: int, query: Query[WhyQuery]) -> dict[str, Any]:
    """By the rule that the run has kept. An address is whose it was when it was written to."""
    run = visible_or_404(shown_runs(), request.auth.user, pk=pk)
    why = why_of_run(run, asked(run.mailing, query, run), now=timezone.now())
    return body_of(why, run.mailing, request)


def body_of(why: Why, mailing: Mailing, request: ApiRequest) -> dict[str, Any]:
    """The answer as it is sent; a token that only reads sees no network address."""
    token = request.auth.token
    masked = token is not None and token.scope == ApiToken.Scope.READ
    return {
        "recipient": why.person.pk,
        "mailing": mailing.pk,
        "run": why.run.pk if why.run is not None else None,
        "delivery": why.delivery.pk if why.delivery is not None else None,
        "rule_kept": why.rule_kept,
        "named": why.named,
        "gets_it": why.gets_it,
        "left_out": why.left_out,
        "waits_until": why.verdict.waits_until if why.run is None else None,
        "text": why.sentence,
        "included": terms_of(why.included),
        "excluded": terms_of(why.excluded),
        "basis": why.rule.basis,
        "purpose": why.rule.purpose,
        "statement": why.statement,
        "rights": [right_of(one, masked=masked) for one in why.rights],
        "as_of": why.as_of,
    }


def terms_of(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [
        {
            "term": one.name,
            "text": one.text,
            "holds": one.holds,
            "answers": [
                {"path": node.path, "sentence": node.text, "answer": node.holds}
                for node in one.answers
            ],
        }
        for one in reasons
    ]


def right_of(one: Right, *, masked: bool) -> dict[str, Any]:
    if one.consent is not None and masked:
        one.consent.ip = None
    return {
        "list": one.list_id,
        "title": one.title,
        "status": one.subscription.status if one.subscription is not None else "",
        "used": one.used,
        "consent": one.consent,
        "wordings": [text.text for text in getattr(one.consent, "wordings", ())],
    }
