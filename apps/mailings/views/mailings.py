"""The pages of mailings: list, one mailing, one of its runs, and the managers' switch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView, View

from apps.core.content.program.utm import shown
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import Table, TableColumn
from apps.core.mixins import (
    HtmxLoginRequiredMixin,
    LoggingMixin,
    OwnerFilterMixin,
    wants_fragment,
)
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Feed, Mailing
from apps.mailings.recurrence import coming, rule_words
from apps.mailings.selectors.equation import equation_of, groups_of, left_out_of
from apps.mailings.selectors.failures import failures_of, is_partly
from apps.mailings.selectors.files.personal_files import files_of_mailing
from apps.mailings.selectors.mailings import (
    MailingCard,
    audience_text,
    cards_of,
    fallback_routes,
    listed,
    living_mailings,
    named_like,
    newest_runs,
    shown_mailings,
    sortable,
)
from apps.mailings.selectors.standing import TABS, in_tab
from apps.mailings.selectors.totals import with_figures
from apps.mailings.services.agents.start_requests import waiting
from apps.mailings.services.languages.spread import has_languages
from apps.mailings.services.mailings import ToggleForbidden, may_toggle, toggle_mailing
from apps.mailings.services.publishing.archive import public_url, utm_of
from apps.mailings.services.publishing.measured import measuring_shown
from apps.users.models import User


class MailingFilters(FilterForm):
    """What the list of mailings is asked for. The tabs choose the status."""

    q = WordsFilter(longest=200, label=_("Search by name"))
    status = ChoiceFilter(list(TABS.items()))


class MailingList(OwnerFilterMixin, ListPage[Mailing, MailingFilters]):
    """A table, newest first, in tabs by what is done with a mailing next."""

    page_template = "mailings/mailing_list.html"
    results_template_name = "mailings/mailing_list_results.html"
    filter_form = MailingFilters
    size = 24
    table_columns = (
        TableColumn(name="name", label=_("Mailing"), sort="name", phone="lead"),
        TableColumn(name="status", label=_("Status"), phone="side"),
        TableColumn(name="audience", label=_("Audience"), number=True, sort="run_audience"),
        TableColumn(
            name="sent", label=pgettext_lazy("figure", "Sent"), number=True, sort="run_share"
        ),
        TableColumn(name="problems", label=_("Problems"), number=True, sort="run_problems"),
        TableColumn(name="when", label=_("When"), sort="starts_at"),
    )
    owner_column = TableColumn(name="owner", label=_("Owner"), sort="owner__email")

    def get_table_columns(self) -> Sequence[TableColumn]:
        every = self.actor.sees_all
        return (*self.table_columns, self.owner_column) if every else self.table_columns

    def get_queryset(self) -> OwnedQuerySet[Mailing]:
        found = in_tab(self.visible(listed(shown_mailings())), self.filters.value("status"))
        if self.page_table.key is not None:
            found = sortable(found)
        return named_like(found, self.filters.value("q"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        cards = cards_of(page.rows, now=timezone.now())
        return super().get_context_data(
            page=page,
            cards=[(card, switchable(card, self.request)) for card in cards],
            mailing_tabs=TABS.items(),
            **kwargs,
        )


class MailingDetail(OwnerFilterMixin, TemplateView):
    """The facts of one mailing. What it is doing now is a fragment that delivery serves."""

    template_name = "mailings/mailing_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.visible_or_404(shown_mailings(), pk=self.kwargs["pk"])
        now = timezone.now()
        (card,) = cards_of([mailing], now=now)
        return super().get_context_data(
            card=card,
            mailing=mailing,
            switchable=switchable(card, self.request),
            audience=audience_text(mailing),
            in_languages=has_languages(mailing),
            runs=with_figures(newest_runs(mailing)),
            groups=groups_of(card.run) if card.run else [],
            terms=equation_of(card.run) if card.run else [],
            left_out=left_out_of(card.run) if card.run else [],
            repeats=rule_words(mailing.repeat) if mailing.repeat else "",
            coming=coming(mailing, after=mailing.starts_at, count=3),
            failures=failures_of(card.run) if card.run else [],
            partly=card.run is not None and is_partly(card.run),
            fallback_routes=fallback_routes(mailing),
            editable=mailing.owner_id == self.actor.pk,
            has_history=bool(card.run) or mailing.current_run > 1,
            transactional=mailing.kind == Mailing.Kind.TRANSACTIONAL,
            utm=shown(utm_of(mailing)),
            measured=measuring_shown(mailing),
            public_url=public_url(mailing),
            personal_files=files_of_mailing(mailing),
            start_request=waiting(mailing) if mailing.is_draft else None,
            **self._feed(mailing),
            **kwargs,
        )

    def _feed(self, mailing: Mailing) -> dict[str, Any]:
        """Its feed with how many items wait; only a repeated one has any."""
        feed = Feed.objects.filter(mailing=mailing).first() if mailing.repeat else None
        if feed is None:
            return {}
        return {"feed": feed, "feed_waiting": feed.items.filter(taken_at=None).count()}


class ToggleMailing(LoggingMixin, HtmxLoginRequiredMixin, View):
    """The managers' switch. With htmx only the row changes, otherwise the page is shown again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            # What is wanted, not the reverse of what is: two clicks are one.
            wanted = {"1": True, "0": False}.get(request.POST.get("active", ""))
            actor = cast(User, request.user)
            mailing = toggle_mailing(mailing_id=pk, actor=actor, active=wanted)
        except Mailing.DoesNotExist as error:
            raise Http404 from error
        except ToggleForbidden as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        if not wants_fragment(request):
            return redirect("mailings:detail", pk=mailing.pk)
        (card,) = cards_of([living_mailings().get(pk=mailing.pk)], now=timezone.now())
        shown = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
        columns = (*MailingList.table_columns, MailingList.owner_column)
        context = {"card": card, "switchable": True, "table": Table(columns, shown)}
        return render(request, "mailings/mailing_row.html", context)


def switchable(card: MailingCard, request: HttpRequest) -> bool:
    """Whether this card carries the switch. Its mailing comes from ``shown_mailings``."""
    mailing: Any = card.mailing
    return mailing.archived_at is None and may_toggle(
        cast(User, request.user),
        owner_id=mailing.owner_id,
        owner_oversees=mailing.owner_oversees,
    )
