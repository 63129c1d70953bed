"""Making, changing, copying and deleting mailings."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import CreateView, TemplateView, UpdateView, View

from apps.core.contracts import Forecast
from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.slots import planner
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.mailings import MailingForm
from apps.mailings.models import Channel, Mailing, Recipient
from apps.mailings.selectors.mailings import listed
from apps.mailings.services import starting
from apps.mailings.services.mailings import (
    MailingOpen,
    MailingService,
    duplicate_mailing,
    why_not_removed,
)
from apps.mailings.services.reach import reach_of

#: From here on a launch is confirmed on a page of its own, not by a status in a form.
ASKED: Final = 1000


class _MailingForm(LoggingMixin, OwnedFormMixin):
    rows = listed(Mailing.objects.filter(archived_at=None))

    def get_success_url(self) -> str:
        messages.success(self.request, _("Saved."))
        mailing: Mailing = cast(Any, self).object
        return reverse("mailings:detail", args=[mailing.pk])

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        wanted, mailing = form.cleaned_data.get("status"), form.instance
        if wanted and wanted != mailing.status:
            self._move(mailing, wanted)
        return response

    def _move(self, mailing: Mailing, status: str) -> None:
        if status == Mailing.Status.RUNNING and mailing.audience()[: ASKED + 1].count() > ASKED:
            text = _("Large audience: confirm with “Send now”.")
            messages.warning(self.request, text)
            return
        try:
            starting.change_status(
                mailing_id=mailing.pk, status=status, actor=str(self.request.user)
            )
        except Refused as refusal:
            messages.error(self.request, refusal_text(refusal))


class MailingCreate(_MailingForm, CreateView[Mailing, MailingForm]):
    """A new mailing of one's own; ``?message=`` chooses the message beforehand."""

    model = Mailing
    form_class = MailingForm
    template_name = "mailings/form.html"

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "message": self.request.GET.get("message", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = Recipient.objects.editable_by(self.actor).filter(archived_at=None)
        return super().get_context_data(
            heading=_("New mailing"),
            back_url=reverse("mailings:list"),
            nobody=not known.exists(),
            **kwargs,
        )


class MailingEdit(_MailingForm, UpdateView[Mailing, MailingForm]):
    """Changes one's own mailing; while it is being sent, only what its run has not frozen."""

    model = Mailing
    form_class = MailingForm
    template_name = "mailings/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("mailings:detail", args=[self.object.pk])
        heading = f"{self.object.name} (id:{self.object.pk})"
        return super().get_context_data(heading=heading, back_url=back, **kwargs)


class AudienceCount(OwnerFilterMixin, View):
    """How many the form, as it is filled in, would reach. Saves nothing."""

    only_shows = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MailingForm(request.POST, owner=request.user)
        form.full_clean()
        if "addresses" in form.errors:
            return render(request, "mailings/audience_count.html", {"reach": None, "count": None})
        routes = form.routes()
        channels = [channel for channel, _account in routes] or [Channel.EMAIL]
        reach = reach_of(form.audience(), owner_id=form.owner.pk, channels=channels)
        parts = list(zip(routes, reach.by_channel, strict=False))
        context = {
            "reach": reach,
            "count": reach.reached,
            "split": [(Channel(route[0]).label, number) for route, number in parts],
            "forecast": _forecast(form, [(route[1], number) for route, number in parts if number]),
        }
        return render(request, "mailings/audience_count.html", context)


def _forecast(form: MailingForm, parts: list[tuple[str, int]]) -> Forecast | None:
    """When so many by each of these accounts would be out, as far as the form says when."""
    data = form.cleaned_data
    if not parts or not {"starts_at", "ends_at"} <= data.keys():
        return None
    return Forecast.together(
        planner.value.forecast(
            account=account, count=count, starts_at=data["starts_at"], ends_at=data["ends_at"]
        )
        for account, count in parts
    )


class MailingDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says whether its history makes it an archiving."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = MailingService(self.actor).editable_or_403(self.kwargs["pk"])
        archives = mailing.runs.exists()
        if archives:
            word = _("It was sent before: it goes to the archive and keeps its history.")
        else:
            word = _("It was never sent: it is deleted for good.")
        return super().get_context_data(
            heading=_("Archive this mailing?") if archives else _("Delete this mailing?"),
            object=mailing,
            consequences=[word],
            archives=archives,
            refused=why_not_removed(mailing),
            back_url=reverse("mailings:detail", args=[mailing.pk]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = MailingService(self.actor).editable_or_403(pk)
        try:
            deleted = MailingService(self.actor).remove(mailing, now=timezone.now())
        except MailingOpen as refusal:
            messages.error(request, refusal_text(refusal))
            return redirect("mailings:detail", pk=pk)
        if deleted:
            messages.success(request, _("Deleted."))
        else:
            undo = reverse("mailings:restore", args=[pk])
            messages.success(request, _("It is in the archive now."), extra_tags=undo)
        return redirect("mailings:list")


class MailingRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a mailing out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.all(), pk=pk)
        MailingService(self.actor).restore(mailing)
        messages.success(request, _("Restored from the archive."))
        return redirect("mailings:detail", pk=pk)


class MailingDuplicate(LoggingMixin, OwnerFilterMixin, View):
    """A copy that starts in a day, unless the form says otherwise."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = MailingService(self.actor).editable_or_403(pk)
        copy = duplicate_mailing(mailing=mailing, now=timezone.now())
        return redirect("mailings:edit", pk=copy.pk)
