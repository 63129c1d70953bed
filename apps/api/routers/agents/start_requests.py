"""Asking for a start, and what is looked at before: a review, and a test to oneself."""

from typing import Any

from allauth.account.models import EmailAddress
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.agents.start_requests import (
    OwnTestIn,
    OwnTestOut,
    ReviewOut,
    StartRequestIn,
    StartRequestOut,
)
from apps.api.schemas.common import answers
from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.core.http.throttle import count_test
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.site import site_url
from apps.core.slots import direct_sender
from apps.core.text.formatting import in_words
from apps.delivery.accounts import AccountUnknown
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Channel, Mailing, Message, Recipient, StartRequest
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.messages import sample_recipient
from apps.mailings.services.agents.start_requests import ask, withdraw
from apps.mailings.services.review import review_of
from apps.users.models import User

of_mailings = Router(tags=["Mailings"])
of_messages = Router(tags=["Messages"])


class AddressUnconfirmed(Refused):
    """A test goes to one's own address, and none of them is confirmed."""

    code = "address_unconfirmed"


@of_mailings.post(
    "/{int:pk}/start-request/",
    response=answers({202: StartRequestOut}, 404, 409),
    summary="Ask a person to start it",
)
def ask_for_start(request: ApiRequest, pk: int, given: StartRequestIn) -> Status[dict[str, Any]]:
    """Starts nothing: its owner is notified, and starts, schedules or declines it on a page."""
    mailing = editable_or_403(_mailings(), request.auth.user, pk=pk)
    token = request.auth.token
    asked_by = token.name if token is not None else str(request.auth.user)[:80]
    found = ask(mailing, asked_by=asked_by, note=given.note, now=timezone.now())
    return Status(202, _body(found))


@of_mailings.get(
    "/{int:pk}/start-request/",
    response=answers({200: StartRequestOut}, 404),
    summary="The start that was asked for",
)
def get_start_request(request: ApiRequest, pk: int) -> dict[str, Any]:
    """404 when nobody has asked, or the request was withdrawn."""
    mailing = visible_or_404(_mailings(), request.auth.user, pk=pk)
    found = StartRequest.objects.filter(mailing=mailing).select_related("mailing").first()
    if found is None:
        raise Http404
    return _body(found)


@of_mailings.delete(
    "/{int:pk}/start-request/", response=answers({204: None}, 404), summary="Ask no more"
)
def withdraw_start_request(request: ApiRequest, pk: int) -> Status[None]:
    """404 when nothing waits."""
    if not withdraw(editable_or_403(_mailings(), request.auth.user, pk=pk)):
        raise Http404
    return Status(204, None)


@of_mailings.get(
    "/{int:pk}/review/", response=answers({200: ReviewOut}, 404), summary="Review it (dry run)"
)
def review_mailing(request: ApiRequest, pk: int) -> dict[str, Any]:
    """What would be sent, from whom, to how many, and what forbids it. Nothing is sent."""
    mailing = visible_or_404(_mailings(), request.auth.user, pk=pk)
    review = review_of(mailing, timezone.now(), totals=True)
    return {
        "refused": review.refused,
        "findings": list(review.findings),
        "recipients": review.summary.count,
        "exact": review.summary.exact or review.summary.totals is not None,
        "left_out": review.summary.reasons,
        "senders": list(review.senders),
        "measured": review.measured,
    }


@of_messages.post(
    "/{int:pk}/test/",
    response=answers({200: OwnTestOut}, 404, 409),
    summary="Send a test to oneself",
)
def test_message(request: ApiRequest, pk: int, given: OwnTestIn) -> dict[str, Any]:
    """By email, now, outside any mailing; counted against `LIMIT_TESTS_PER_HOUR`."""
    user = request.auth.user
    message = editable_or_403(Message.objects.filter(archived_at=None), user, pk=pk)
    lender = sample_recipient(message)
    if given.recipient is not None:
        lender = editable_or_403(Recipient.objects.all(), user, pk=given.recipient)
    address = _own_address(user)
    try:
        account = route_of(channel=Channel.EMAIL, account=given.account or "", actor=user)[1]
    except AccountUnknown as unknown:
        raise Http404 from unknown
    count_test(user.pk)
    outcome = direct_sender.value.send_test(
        message_id=message.pk,
        address=address,
        account=account,
        recipient_id=lender.pk if lender is not None else None,
        lang=given.language,
    )
    reply = f"{outcome.code or ''} {in_words(outcome.response)}".strip()
    return {"sent": outcome.verdict is Verdict.SENT, "address": address, "response": reply}


def _own_address(user: User) -> str:
    own = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary").first()
    if own is None:
        raise AddressUnconfirmed(_("None of your addresses is confirmed."))
    return str(own.email)


def _mailings() -> Any:
    rows = Mailing.objects.filter(archived_at=None, kind=Mailing.Kind.MAILING)
    return listed(rows.select_related("message", "owner", "sender"))


def _body(found: StartRequest) -> dict[str, Any]:
    names = ("state", "asked_by", "asked_at", "note", "answer", "declined_at")
    page = site_url() + reverse("mailings:review", args=[found.mailing_id])
    return {**{name: getattr(found, name) for name in names}, "url": page}
