"""Ask them: the owner has the unconfirmed people of a list or of an import asked to confirm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.feedback.services.signups.asking import Rows, ask_them, people_to_ask, questions
from apps.mailings.models import Consent, MailingList, RecipientImport, Subscription
from apps.mailings.services.importing.permission import unconfirmed_by


class _AskPage(LoggingMixin, OwnerFilterMixin, TemplateView, ABC):
    """Says how many would be asked, and has them asked."""

    template_name = "forms/ask.html"

    @abstractmethod
    def rows(self) -> Rows:
        """The subscriptions in question, which are one's own."""

    @abstractmethod
    def back_url(self) -> str:
        """The page that one came from."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.rows()
        found = questions(rows)
        can = people_to_ask(rows, found)
        return super().get_context_data(
            questions=found, can=can, back_url=self.back_url(), **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows, now = self.rows(), timezone.now()
        found = questions(rows)
        count = people_to_ask(rows, found)
        for one in found:
            if one.form is not None:
                ask_them(rows=rows, mailing_list=one.mailing_list, now=now)
        if count:
            text = ngettext(
                "%(count)d person will be asked to confirm.",
                "%(count)d people will be asked to confirm.",
                count,
            )
            messages.success(request, text % {"count": count})
        else:
            messages.info(request, _("Nobody is left to be asked."))
        return redirect(self.back_url())


class AskList(_AskPage):
    """The unconfirmed people of a list."""

    def rows(self) -> Rows:
        lists = MailingList.objects.filter(archived_at=None)
        return Subscription.objects.filter(list=self.editable_or_403(lists, pk=self.kwargs["pk"]))

    def back_url(self) -> str:
        return reverse("lists:detail", args=[self.kwargs["pk"]])


class AskImport(_AskPage):
    """Those whom an import has put on lists as unconfirmed."""

    def rows(self) -> Rows:
        found = self.editable_or_403(RecipientImport.objects.all(), pk=self.kwargs["pk"])
        return Subscription.objects.filter(unconfirmed_by(found), by=Consent.Source.IMPORT)

    def back_url(self) -> str:
        return reverse("imports:detail", args=[self.kwargs["pk"]])
