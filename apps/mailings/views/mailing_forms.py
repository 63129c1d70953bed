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

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.mailings import MailingForm
from apps.mailings.models import Mailing, Recipient
from apps.mailings.recurrence import rule_words
from apps.mailings.selectors.mailings import audience_text, listed
from apps.mailings.selectors.standing import standing_of
from apps.mailings.services import starting
from apps.mailings.services.agents.start_requests import waiting
from apps.mailings.services.languages.spread import has_languages
from apps.mailings.services.mailings import (
    MailingOpen,
    MailingService,
    duplicate_mailing,
    why_not_removed,
)
from apps.mailings.services.review import review_of
from apps.mailings.services.summary import summary_of, totals_of
from apps.mailings.views.message_tests import to_oneself
from apps.users.models import User


class _MailingForm(LoggingMixin, OwnedFormMixin):
    rows = listed(Mailing.objects.filter(archived_at=None))

    def get_success_url(self) -> str:
        mailing: Mailing = cast(Any, self).object
        if "review" in self.request.POST and not mailing.runs.filter(number=mailing.current_run):
            return reverse("mailings:review", args=[mailing.pk])
        word = _("Draft saved.") if mailing.is_draft else _("Saved.")
        messages.success(self.request, word)
        return reverse("mailings:detail", args=[mailing.pk])

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        wanted, mailing = form.cleaned_data.get("status"), form.instance
        if wanted and wanted != mailing.status:
            self._move(mailing, wanted)
        return response

    def _move(self, mailing: Mailing, status: str) -> None:
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
    """What would come of the form as it is filled in. Saves nothing."""

    only_shows = True
    http_method_names = ["post"]
    #: The second request: only the two totals, exactly.
    totals_alone = False

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MailingForm(request.POST, owner=request.user)
        form.full_clean()
        if "addresses" in form.errors:
            return render(request, "mailings/summary.html", {"summary": None})
        planned = form.planned()
        if self.totals_alone:
            return render(request, "mailings/totals.html", {"totals": totals_of(planned)})
        summary = summary_of(planned, exact="count_exactly" in request.POST)
        context = {"summary": summary, "totals_url": reverse("mailings:totals")}
        return render(request, "mailings/summary.html", context)


#: What the review counts if it is asked to: the page does so for the totals once it is shown.
_COUNTS: Final = ("exact", "totals")


class MailingReview(OwnerFilterMixin, TemplateView):
    """What, from whom, to how many and when, before it is scheduled or sent. Changes nothing."""

    template_name = "mailings/review.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = Mailing.objects.filter(archived_at=None).select_related("owner", "message")
        self.mailing = self.editable_or_403(listed(rows), pk=self.kwargs["pk"])
        if self.mailing.status != Mailing.Status.CREATED:
            return redirect("mailings:detail", pk=self.mailing.pk)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing, now = self.mailing, timezone.now()
        return super().get_context_data(
            mailing=mailing,
            standing=standing_of(mailing, None, now),
            test=to_oneself(cast(User, self.request.user), mailing.account),
            start_request=waiting(mailing) if mailing.is_draft else None,
            review=review_of(mailing, now, **{one: one in self.request.GET for one in _COUNTS}),
            audience=audience_text(mailing),
            in_languages=has_languages(mailing),
            repeats=rule_words(mailing.repeat) if mailing.repeat else "",
            **kwargs,
        )


class MailingDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says whether its history makes it an archiving."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = MailingService(self.actor).editable_or_403(self.kwargs["pk"])
        archives = mailing.runs.exists()
        if archives:
            word = _("This mailing has been sent, so it will be archived with its history.")
        else:
            word = _("This mailing was never sent; it will be deleted permanently.")
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
            messages.success(request, _("Mailing archived."), extra_tags=undo)
        return redirect("mailings:list")


class MailingRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a mailing out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.all(), pk=pk)
        MailingService(self.actor).restore(mailing)
        messages.success(request, _("Mailing restored as a draft."))
        return redirect("mailings:detail", pk=pk)


class MailingDuplicate(LoggingMixin, OwnerFilterMixin, View):
    """A copy as a draft, whose form is shown next."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = MailingService(self.actor).editable_or_403(pk)
        copy = duplicate_mailing(mailing=mailing, now=timezone.now())
        return redirect("mailings:edit", pk=copy.pk)
