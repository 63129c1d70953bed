"""The page of a mailing's feed: how it stands, what waits, what was sent, and its settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.feeds import FeedForm
from apps.mailings.models import Feed, Mailing
from apps.mailings.selectors.feeds.standing import FeedOverview, overview_of
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.feeds import settings
from apps.mailings.services.feeds.content import shown_at_most, waiting_items


class FeedPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Shows the feed; its owner changes it, has it read, and offers items of a run again."""

    template_name = "mailings/feed.html"

    @cached_property
    def mailing(self) -> Mailing:
        rows = Mailing.objects.filter(archived_at=None).select_related("message")
        return self.visible_or_404(listed(rows), pk=self.kwargs["pk"])

    @property
    def feed(self) -> Feed | None:
        feed: Feed | None = Feed.objects.filter(mailing=self.mailing).first()
        return feed

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing, feed = self.mailing, self.feed
        shown = shown_at_most(mailing.message)
        form = kwargs.pop("form", None) or FeedForm(instance=feed)
        return super().get_context_data(
            mailing=mailing,
            overview=self._overview(feed, shown) if feed is not None else None,
            form=form,
            shown=shown,
            possible=feed is not None or bool(mailing.repeat),
            editable=mailing.owner_id == self.actor.pk,
            **kwargs,
        )

    def _overview(self, feed: Feed, shown: int) -> FeedOverview:
        items = waiting_items(feed, min(feed.limit, shown or feed.limit))
        return overview_of(feed, items, timezone.now())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = listed(Mailing.objects.filter(archived_at=None).select_related("message"))
        self.mailing = self.editable_or_403(rows, pk=self.kwargs["pk"])
        try:
            act = request.POST.get("act", "save")
            if act == "save":
                return self._save()
            messages.success(request, self._act(act))
        except Refused as refused:
            messages.error(request, refusal_text(refused))
        return redirect("mailings:feed", pk=self.mailing.pk)

    def _save(self) -> HttpResponse:
        form = FeedForm(self.request.POST, instance=self.feed)
        if form.is_valid():
            try:
                settings.save_feed(mailing=self.mailing, chosen=form.chosen(), now=timezone.now())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(self.request, _("The feed is saved."))
                return redirect("mailings:feed", pk=self.mailing.pk)
        return self.render_to_response(self.get_context_data(form=form))

    def _act(self, act: str) -> str:
        mailing, now = self.mailing, timezone.now()
        if act == "read" and settings.ask(mailing, now):
            return _("The feed is being read.")
        if act == "remove" and settings.remove_feed(mailing):
            return _("The feed is removed.")
        number = row_id(self.request.POST.get("run", ""))
        if act != "offer" or number is None:
            raise Http404
        count = settings.offer_again(mailing=mailing, number=number, actor=self.actor, now=now)
        text = ngettext(
            "%(count)d item waits for the next message again.",
            "%(count)d items wait for the next message again.",
            count,
        )
        return text % {"count": count}
