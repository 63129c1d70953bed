"""`/api/mailings/{pk}/feed/`."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import Counted, answers
from apps.api.schemas.content.feeds import FeedIn, FeedOut, Offered
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.text.formatting import kept_words
from apps.mailings.models import Feed, FeedItem, Mailing
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.feeds import settings
from apps.mailings.services.feeds.content import shown_at_most, waiting_items
from apps.mailings.services.feeds.settings import FeedSettings

router = Router(tags=["Mailings"])


def _rows() -> Any:
    return listed(Mailing.objects.filter(archived_at=None).select_related("message"))


def _own(request: ApiRequest, pk: int) -> Mailing:
    mailing: Mailing = editable_or_403(_rows(), request.auth.user, pk=pk)
    return mailing


def _body(mailing: Mailing) -> dict[str, Any]:
    feed = Feed.objects.filter(mailing=mailing).first()
    if feed is None:
        raise Http404
    names = ("url", "moved_to", "title", "limit", "at_least", "begin_with", "order")
    shown = shown_at_most(mailing.message) or feed.limit
    failure = None
    if feed.failure:
        failure = {"code": feed.failure["code"], "text": kept_words(feed.failure)}
    return {name: getattr(feed, name) for name in names} | {
        "read_at": feed.read_at,
        "next_at": feed.next_at,
        "failure": failure,
        "waiting": FeedItem.objects.filter(feed=feed, taken_at=None).count(),
        "next_items": [_item(one) for one in waiting_items(feed, min(feed.limit, shown))],
    }


def _item(item: FeedItem) -> dict[str, Any]:
    names = ("id", "title", "link", "summary", "author", "published_at", "found_at")
    return {name: getattr(item, name) for name in names} | {"run": item.run and item.run.number}


@router.get("/{int:pk}/feed/", response=answers({200: FeedOut}, 404), summary="Its feed")
def get_feed(request: ApiRequest, pk: int) -> dict[str, Any]:
    """404 when the mailing has none."""
    return _body(visible_or_404(_rows(), request.auth.user, pk=pk))


@router.put("/{int:pk}/feed/", response=answers({200: FeedOut}, 404, 409), summary="Set its feed")
def set_feed(request: ApiRequest, pk: int, given: FeedIn) -> dict[str, Any]:
    """It is read soon. Another address begins anew. 409 for a mailing that is sent once."""
    mailing = _own(request, pk)
    settings.save_feed(mailing=mailing, chosen=FeedSettings(**given.dict()), now=timezone.now())
    return _body(mailing)


@router.delete(
    "/{int:pk}/feed/", response=answers({204: None}, 404, 409), summary="Remove its feed"
)
def remove_feed(request: ApiRequest, pk: int) -> Status[None]:
    """With all that is known of its items. 409 while it is being sent."""
    if not settings.remove_feed(_own(request, pk)):
        raise Http404
    return Status(204, None)


@router.post("/{int:pk}/feed/read/", response=answers({202: FeedOut}, 404), summary="Read its feed")
def read_feed(request: ApiRequest, pk: int) -> Status[dict[str, Any]]:
    """It is read within seconds, in the background: `read_at` says when."""
    mailing = _own(request, pk)
    settings.ask(mailing, timezone.now())
    return Status(202, _body(mailing))


@router.post(
    "/{int:pk}/feed/offer/",
    response=answers({200: Counted}, 404, 409),
    summary="Offer a run's items again",
)
def offer_again(request: ApiRequest, pk: int, given: Offered) -> dict[str, int]:
    """They wait for the next message once more. 409 while the run goes on, or without items."""
    mailing = _own(request, pk)
    count = settings.offer_again(
        mailing=mailing, number=given.run, actor=request.auth.user, now=timezone.now()
    )
    return {"count": count}
