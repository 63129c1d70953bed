"""`/api/frequency-rules/`, `/api/sunset/` and `/api/senders/`."""

from typing import Any

from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Counted, Page, PageQuery, Removed, answers
from apps.api.schemas.permission.rules import (
    FrequencyOut,
    FrequencyRuleOut,
    FrequencyRulesIn,
    FrequencyRulesOut,
    SenderOut,
    SunsetCaseOut,
    SunsetCaseQuery,
    SunsetIn,
    SunsetOut,
)
from apps.core.permissions import visible_or_404
from apps.mailings.models import FrequencyRule, Sender, SunsetCase, SunsetPolicy
from apps.mailings.sender_rules import offered_to
from apps.mailings.services.permission.frequency import figures, replace_rules
from apps.mailings.services.privacy import sunset

frequency = Router(tags=["Frequency rules"])
inactive = Router(tags=["Inactive subscribers"])
senders = Router(tags=["Senders"])


@frequency.get("/", response=answers({200: Page[FrequencyRuleOut]}), summary="List frequency rules")
def list_frequency_rules(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own; for managers everybody's."""
    return page_of(FrequencyRule.objects.visible_to(request.auth.user), page)


@frequency.put(
    "/", response=answers({200: FrequencyRulesOut}, 400, 409), summary="Replace one's rules"
)
def replace_frequency_rules(request: ApiRequest, given: FrequencyRulesIn) -> dict[str, Any]:
    """Three at most. Deliveries that wait are asked again in the background, within seconds."""
    rules = [(one.messages, one.days, str(one.channel)) for one in given.rules]
    return {"rules": replace_rules(owner=request.auth.user, rules=rules)}


@frequency.get(
    "/figures/", response=answers({200: FrequencyOut}), summary="How often people are written to"
)
def get_frequency_figures(request: ApiRequest) -> dict[str, Any]:
    """Of one's own people, counted as the rules count."""
    found = figures(request.auth.user.pk, now=timezone.now())
    return {
        "people": list(found.people),
        "waiting": found.waiting,
        "first_at": found.first_at,
        "skipped": found.skipped,
    }


def rules_of(request: ApiRequest) -> sunset.SunsetService:
    return sunset.SunsetService(request.auth.user)


def body_of(policy: SunsetPolicy) -> SunsetPolicy:
    """The rule with its figures."""
    policy.__dict__["figures"] = sunset.figures(policy)
    return policy


@inactive.get("/", response=answers({200: Page[SunsetOut]}), summary="List the rules")
def list_sunsets(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own that are not archived; for managers everybody's."""
    found = page_of(rules_of(request).list(), page)
    return found | {"items": [body_of(policy) for policy in found["items"]]}


@inactive.post("/", response=answers({201: SunsetOut}, 400), summary="Add a rule")
def add_sunset(request: ApiRequest, given: SunsetIn) -> Status[SunsetPolicy]:
    """It searches at once, and then every day. Nothing else is done before `approve`."""
    fields = given.dict(exclude={"list"})
    fresh = SunsetPolicy(owner=request.auth.user, list_id=given.list, **fields)
    saved = rules_of(request).save(fresh)
    sunset.review(saved, now=timezone.now())
    saved.refresh_from_db()
    return Status(201, body_of(saved))


@inactive.get("/{int:pk}/", response=answers({200: SunsetOut}, 404), summary="One rule")
def get_sunset(request: ApiRequest, pk: int) -> SunsetPolicy:
    """Archived ones too."""
    return body_of(visible_or_404(SunsetPolicy.objects.all(), request.auth.user, pk=pk))


@inactive.delete("/{int:pk}/", response=answers({200: Removed}, 404), summary="Archive it")
def archive_sunset(request: ApiRequest, pk: int) -> dict[str, int]:
    """Nobody is found or ended by it any more."""
    mine = rules_of(request)
    mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return {"deleted": 0, "archived": 1}


@inactive.get(
    "/{int:pk}/cases/", response=answers({200: Page[SunsetCaseOut]}, 404), summary="Who was found"
)
def list_sunset_cases(
    request: ApiRequest, pk: int, query: Query[SunsetCaseQuery], page: Query[PageQuery]
) -> dict[str, Any]:
    """The newest first."""
    policy = visible_or_404(SunsetPolicy.objects.all(), request.auth.user, pk=pk)
    rows = SunsetCase.objects.filter(policy=policy)
    return page_of(rows.filter(state=query.state) if query.state else rows, page)


@inactive.post("/{int:pk}/search/", response=answers({200: SunsetOut}, 404), summary="Search now")
def search_sunset(request: ApiRequest, pk: int) -> SunsetPolicy:
    """What the daily round does."""
    policy = rules_of(request).editable_or_403(pk)
    sunset.review(policy, now=timezone.now())
    policy.refresh_from_db()
    return body_of(policy)


@inactive.post(
    "/{int:pk}/approve/", response=answers({200: Counted}, 404), summary="Tag who was found"
)
def approve_sunset(request: ApiRequest, pk: int) -> dict[str, int]:
    """From now on the daily round tags whom it finds."""
    policy = rules_of(request).editable_or_403(pk)
    return {"count": sunset.approve(policy=policy, now=timezone.now())}


@inactive.post(
    "/{int:pk}/asked/", response=answers({200: Counted}, 404, 409), summary="Begin the wait"
)
def ask_sunset(request: ApiRequest, pk: int) -> dict[str, int]:
    """Those who are tagged have been asked by a mailing: the days of the wait begin."""
    policy = rules_of(request).editable_or_403(pk)
    return {"count": sunset.asked(policy=policy, now=timezone.now())}


@inactive.post(
    "/{int:pk}/undo/",
    response=answers({200: Counted}, 404, 409),
    summary="Undo the last 90 days",
)
def undo_sunset(request: ApiRequest, pk: int) -> dict[str, int]:
    """Everybody whom the rule has ended in these days is as before."""
    policy = rules_of(request).editable_or_403(pk)
    return {"count": sunset.undo(policy=policy, now=timezone.now())}


@senders.get("/", response=answers({200: Page[SenderOut]}), summary="List senders")
def list_senders(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own and the shared ones: those that a mailing may name as `sender_id`."""
    return page_of(offered_to(request.auth.user.pk), page)


@senders.get("/{int:pk}/", response=answers({200: SenderOut}, 404), summary="One sender")
def get_sender(request: ApiRequest, pk: int) -> Sender:
    """One's own, or a shared one; for managers anybody's."""
    shared = offered_to(request.auth.user.pk).filter(pk=pk).first()
    return shared or visible_or_404(Sender.objects.all(), request.auth.user, pk=pk)
