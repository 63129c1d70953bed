"""The page of one run: the equation, and its deliveries with the server's response."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.lists.filters import ChoiceFilter, FilterForm, RowFilter, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import OwnerFilterMixin
from apps.core.text.formatting import in_words
from apps.mailings.failure_reasons import REASONS, explain, reason_words
from apps.mailings.models import Channel, Delivery, Mailing, Run, Term, Tracking
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.run_content import level_in
from apps.mailings.selectors.deliveries import deliveries_of
from apps.mailings.selectors.engagement.deliveries import with_reactions
from apps.mailings.selectors.engagement.people import (
    REACTIONS,
    link_choices,
    of_link,
    of_reaction,
)
from apps.mailings.selectors.engagement.reactions import reactions_of
from apps.mailings.selectors.equation import ASKED, GROUPS, equation_of, groups_of, left_out_of
from apps.mailings.selectors.mailings import routes_of, shown_runs


class DeliveryFilters(FilterForm):
    """What the deliveries of a run are asked for."""

    q = WordsFilter(longest=254, label=_("Address begins with"))
    state = ChoiceFilter(ASKED, label=_("Status"))
    reason = ChoiceFilter(
        [("", _("any reason")), *((code, reason.label) for code, reason in REASONS.items())],
        label=_("Reason"),
    )
    left_out = ChoiceFilter(
        [("", _("any reason")), *LeftOut.choices], label=pgettext_lazy("deliveries", "Left out")
    )
    channel = ChoiceFilter([("", _("any channel")), *Channel.choices], label=_("Channel"))
    folded: ClassVar[tuple[str, ...]] = ("left_out", "channel")


class MeasuredDeliveryFilters(DeliveryFilters):
    """The same of a run that measures persons."""

    reaction = ChoiceFilter(REACTIONS, label=_("Reaction"))
    link = RowFilter(label=_("Link"))
    folded = (*DeliveryFilters.folded, "link")


class RunDetail(OwnerFilterMixin, ListPage[Delivery, DeliveryFilters]):
    """One run: the equation, and its deliveries by state, each with the reason in words."""

    page_template = "mailings/run_detail.html"
    results_template_name = "mailings/run_detail_results.html"
    filter_form = DeliveryFilters
    newest_first = False
    table_columns = (
        TableColumn(name="recipient", label=_("Recipient"), sort="pk", phone="lead"),
        TableColumn(name="status", label=_("Status"), phone="side"),
        TableColumn(name="address", label=_("Address")),
        TableColumn(name="channel", label=_("Channel"), shown=False),
        TableColumn(name="reason", label=_("Reason")),
        TableColumn(name="attempts", label=_("Attempts"), number=True, sort="tries"),
        TableColumn(name="updated", label=_("Updated"), sort="changed_at"),
    )
    columns = {
        "id": attrgetter("pk"),
        "recipient": attrgetter("recipient_id"),
        "name": attrgetter("recipient.full_name"),
        "channel": lambda row: str(row.get_channel_display()),
        "address": attrgetter("address"),
        "state": lambda row: str(row.get_state_display()),
        "reason": reason_words,
        "left_out": attrgetter("left_out"),
        "code": attrgetter("code"),
        "reply": lambda row: in_words(row.response),
        "tries": attrgetter("tries"),
        "changed": attrgetter("changed_at"),
        "term": lambda row: str(Term(row.term).label) if row.term else "",
        "opened": attrgetter("opened_at"),
        "clicked": attrgetter("clicked_at"),
    }
    headings = {
        "id": "ID",
        "recipient": _("Recipient’s ID"),
        "name": pgettext_lazy("person", "Name"),
        "channel": _("Channel"),
        "address": _("Address"),
        "state": _("Status"),
        "reason": _("Reason"),
        "left_out": pgettext_lazy("deliveries", "Left out (code)"),
        "code": _("Code"),
        "reply": _("Server response"),
        "tries": _("Attempts"),
        "changed": _("Changed"),
        "term": pgettext_lazy("engagement", "Opened by"),
        "opened": pgettext_lazy("engagement", "Opened"),
        "clicked": pgettext_lazy("engagement", "Clicked"),
    }

    @cached_property
    def run(self) -> Run:
        """The run that the address names, or 404."""
        return self.visible_or_404(
            shown_runs(), mailing_id=self.kwargs["pk"], number=self.kwargs["number"]
        )

    @cached_property
    def is_measured(self) -> bool:
        """Does the run measure persons?"""
        return level_in(self.run.content) == Tracking.PERSONS

    @cached_property
    def filters(self) -> DeliveryFilters:
        """Those of a measured run ask for reactions, too."""
        if not self.is_measured:
            return DeliveryFilters(self.request.GET)
        filters = MeasuredDeliveryFilters(self.request.GET)
        filters.offer("link", link_choices(self.run))
        return filters

    def asked(self, name: str) -> str:
        """What this filter is set to."""
        return self.filters.value(name) or ""

    def get_queryset(self) -> QuerySet[Delivery]:
        query, channel, reason = self.asked("q"), self.asked("channel"), self.asked("reason")
        state, left_out = self.asked("state"), self.asked("left_out")
        rows = deliveries_of(self.run, state, query, channel, reason, left_out=left_out)
        if self.is_measured:
            if link := self.filters.value("link"):
                rows = of_link(rows, self.run, link)
            rows = of_reaction(rows, self.run, self.asked("reaction"))
        return with_reactions(rows)

    def get_export_name(self) -> str:
        return f"mailing-{self.run.mailing_id}-run-{self.run.number}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run, state, page = self.run, self.asked("state"), self.get_page()
        return super().get_context_data(
            run=run,
            mailing=run.mailing,
            groups=groups_of(run),
            terms=equation_of(run),
            left_out=left_out_of(run),
            here_left_out=self.asked("left_out"),
            reactions=reactions_of(run) if self.is_measured else None,
            here_reaction=self.asked("reaction") if self.is_measured else "",
            state=state,
            here_folded=bool(state) and state not in GROUPS,
            rows=[(row, explain(row)) for row in page.rows],
            page=page,
            channel=self.filters.written["channel"],
            routes=routes_of(run),
            resolvable=state == "unknown"
            and run.mailing.owner_id == self.actor.pk
            and run.mailing.archived_at is None,
            writable_again=run.state == Run.State.DONE
            and run.mailing.kind == Mailing.Kind.MAILING
            and run.mailing.owner_id == self.actor.pk
            and run.mailing.archived_at is None,
            **kwargs,
        )
