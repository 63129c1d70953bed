"""The page of one list: its people, by what right they are on it, and who is added or removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import FormView, TemplateView

from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import keyset_page
from apps.mailings.forms.permission.lists import MembersForm
from apps.mailings.models import Consent, MailingList, Recipient, Subscription
from apps.mailings.selectors.permission.lists import (
    MemberFilters,
    consents_of,
    members_of,
    subscriptions_of,
    with_figures,
    with_wordings,
)
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.lists import add_members
from apps.mailings.services.permission.subscribing import unsubscribe


class ListMembers(OwnerFilterMixin, ListPage[Subscription, MemberFilters]):
    """Everybody who is or was on the list, the newest first."""

    page_template = "lists/detail.html"
    results_template_name = "lists/detail_results.html"
    filter_form = MemberFilters
    table_columns = (
        TableColumn(name="recipient", label=gettext_lazy("Recipient"), phone="lead"),
        TableColumn(name="status", label=gettext_lazy("Status"), phone="side"),
        TableColumn(name="since", label=gettext_lazy("Since"), sort="pk"),
        TableColumn(name="how", label=gettext_lazy("How")),
        TableColumn(name="consent", label=gettext_lazy("Consent"), phone=""),
    )
    columns = {
        "email": lambda row: row.recipient.email,
        "phone": lambda row: row.recipient.phone,
        "name": lambda row: row.recipient.full_name,
        "status": lambda row: row.get_status_display(),
        "since": lambda row: row.since,
        "ended": lambda row: row.ended_at,
        "how": lambda row: row.get_by_display(),
        "consent": lambda row: row.consent.get_act_display() if row.consent else "",
        "source": lambda row: row.consent.get_source_display() if row.consent else "",
        "said": lambda row: row.consent.said_at if row.consent else None,
        "statement": lambda row: row.consent.statement if row.consent else "",
    }
    headings = {
        "email": gettext_lazy("Email"),
        "phone": gettext_lazy("Phone"),
        "name": pgettext_lazy("person", "Name"),
        "status": gettext_lazy("Status"),
        "since": gettext_lazy("Since"),
        "ended": gettext_lazy("Ended"),
        "how": gettext_lazy("How"),
        "consent": gettext_lazy("Consent"),
        "source": gettext_lazy("Source of the consent"),
        "said": gettext_lazy("Consented"),
        "statement": gettext_lazy("Statement"),
    }

    @cached_property
    def mailing_list(self) -> MailingList:
        """The list; 404 when it is not visible."""
        return self.visible_or_404(MailingList.objects.all(), pk=self.kwargs["pk"])

    def get_export_name(self) -> str:
        return f"list-{self.mailing_list.slug}"

    def get_queryset(self) -> QuerySet[Subscription]:
        return members_of(self.mailing_list, self.filters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = MailingList.objects.filter(pk=self.mailing_list.pk)
        return super().get_context_data(
            mailing_list=with_figures(rows, timezone.now()).get(),
            editable=self.mailing_list.owner_id == self.actor.pk,
            **kwargs,
        )


class MemberAdd(LoggingMixin, OwnerFilterMixin, FormView[MembersForm]):
    """Puts people on one's own list, by a statement of how they agreed."""

    template_name = "lists/add.html"
    form_class = MembersForm

    @cached_property
    def mailing_list(self) -> MailingList:
        """The list, which is one's own and in use."""
        rows = MailingList.objects.filter(archived_at=None)
        return self.editable_or_403(rows, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            mailing_list=self.mailing_list,
            heading=_("Add people"),
            submit_label=_("Subscribe these people"),
            back_url=reverse("lists:detail", args=[self.mailing_list.pk]),
            **kwargs,
        )

    def form_valid(self, form: MembersForm) -> HttpResponse:
        done = add_members(
            mailing_list=self.mailing_list,
            typed=form.cleaned_data["addresses"],
            statement=form.cleaned_data["statement"],
            actor=self.actor,
            now=timezone.now(),
        )
        left = done.waiting or done.ended or done.unfit
        if left:
            return self.render_to_response(self.get_context_data(form=form, done=done))
        text = _("Subscribed: %(added)s. Already on the list: %(already)s.")
        messages.success(self.request, text % {"added": done.added, "already": done.already})
        return redirect("lists:detail", pk=self.mailing_list.pk)


class MemberRemove(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks before somebody is unsubscribed, who then comes back by an act of their own only."""

    template_name = "lists/remove.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(subscription=self._found(), **kwargs)

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        row = self._found()
        evidence = Evidence(
            source=Consent.Source.MANUAL,
            by_person=False,
            said_at=timezone.now(),
            actor=self.actor.email,
            statement=request.POST.get("statement", "").strip(),
        )
        unsubscribe(
            recipient=row.recipient, lists=[row.list], evidence=evidence, now=evidence.said_at
        )
        messages.success(request, _("Unsubscribed."))
        return redirect("lists:detail", pk=pk)

    def _found(self) -> Subscription:
        rows = Subscription.objects.filter(list_id=self.kwargs["pk"]).exclude(
            status=Subscription.Status.UNSUBSCRIBED
        )
        found = self.editable_or_403(
            rows.select_related("list", "recipient"), pk=self.kwargs["number"]
        )
        if found.recipient.erased_at is not None:
            raise Http404
        return found


class ConsentPage(OwnerFilterMixin, TemplateView):
    """By what right somebody is written to: subscriptions, and everything that was said."""

    template_name = "recipients/consent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.visible_or_404(Recipient.objects.all(), pk=self.kwargs["pk"])
        page = keyset_page(consents_of(recipient), self.request.GET, size=25, newest_first=True)
        with_wordings(page.rows)
        return super().get_context_data(
            recipient=recipient,
            subscriptions=subscriptions_of(recipient),
            page=page,
            **kwargs,
        )
