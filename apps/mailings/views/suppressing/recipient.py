"""Suppress an address on its recipient's page, or lift its suppression."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.mailings.models import Channel, Recipient, Suppression
from apps.mailings.selectors.recipients import suppressions_of
from apps.mailings.services.permission import suppressions
from apps.users.models import User


class Suppress(LoggingMixin, OwnerFilterMixin, View):
    """One address of one's own recipient gets nothing more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.editable_or_403(Recipient.objects.all(), pk=pk)
        channel = request.POST.get("channel", "")
        if channel not in Channel.values:
            raise Http404
        if not suppressions.suppress(recipient=recipient, channel=channel, actor=self.actor.email):
            raise Http404
        row = suppressions_of(recipient).get(channel=channel)
        undo = reverse("recipients:lift", args=[pk, row.pk])
        messages.success(request, _("Added to the suppression list."), extra_tags=undo)
        return redirect("recipients:detail", pk=pk)


class LiftPage(LoggingMixin, OwnerFilterMixin, TemplateView, ABC):
    """Asks before an address is written to again, and says why it was not."""

    template_name = "recipients/lift.html"

    @abstractmethod
    def found(self) -> Suppression:
        """The suppression in question, behind the gate."""

    @abstractmethod
    def back_url(self) -> str:
        """The page from which one came."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        suppression = kwargs.pop("suppression", None) or self.found()
        return super().get_context_data(
            suppression=suppression,
            warning=warning_for(suppression),
            may_lift=suppressions.may_lift(suppression, cast(User, self.request.user)),
            needs_note=suppression.reason != Suppression.Reason.BLOCKED,
            back_url=self.back_url(),
            **kwargs,
        )

    def post(self, request: HttpRequest, **kwargs: int) -> HttpResponse:
        suppression, actor = self.found(), cast(User, request.user)
        note = request.POST.get("note", "")
        try:
            suppressions.lift(suppression=suppression, actor=actor, note=note)
        except Refused as refusal:
            context = self.get_context_data(suppression=suppression, error=str(refusal), note=note)
            return self.render_to_response(context, status=422)
        messages.success(request, _("Removed from the suppression list."))
        return redirect(self.back_url())


class Lift(LiftPage):
    """The same from the page of the recipient."""

    def found(self) -> Suppression:
        recipient = self._recipient
        row = suppressions_of(recipient).filter(pk=self.kwargs["number"]).first()
        if row is None:
            raise Http404
        return row

    def back_url(self) -> str:
        return reverse("recipients:detail", args=[self.kwargs["pk"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(recipient=self._recipient, **kwargs)

    @cached_property
    def _recipient(self) -> Recipient:
        return self.editable_or_403(Recipient.objects.all(), pk=self.kwargs["pk"])


def warning_for(suppression: Suppression) -> str:
    """What speaks against writing to this address again; empty when nothing does."""
    return {
        Suppression.Reason.UNSUBSCRIBED.value: suppressions.why_final(suppression.reason),
        Suppression.Reason.COMPLAINED.value: _(
            "This person has complained about spam. Another complaint harms all your mailings."
        ),
        Suppression.Reason.BOUNCED.value: _(
            "Messages to this address bounced. It is suppressed again if they bounce again."
        ),
    }.get(suppression.reason, "")
