"""The pages of automations: the list, a new one, and one with its live figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import TemplateView

from apps.automations.definition.flow import FlowUnreadable, Node, raw_steps, tree_of
from apps.automations.models import Automation, AutomationVersion
from apps.automations.services.drafts import create_draft, differs, is_open
from apps.automations.services.preflight.checking import checked_outline
from apps.automations.services.switching import is_switchable
from apps.automations.showing.in_words import TRIGGERS, UNKNOWN, Speaker
from apps.automations.showing.standing import (
    TABS,
    badge_of,
    listed,
    reasons_of,
    terms_of,
    versions_of,
)
from apps.automations.showing.steps import Line, figures_of, lines_of
from apps.automations.starting_points.making import begin
from apps.automations.starting_points.points import POINTS
from apps.core.errors import Refused
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, TwoTemplatesMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.users.models import User


class AutomationFilters(FilterForm):
    """What the list of automations is asked for. The tabs choose the status."""

    q = WordsFilter(longest=120, label=gettext_lazy("Search by name"))
    state = ChoiceFilter(list(TABS.items()))


class AutomationList(OwnerFilterMixin, ListPage[Automation, AutomationFilters]):
    """A table, newest first, in tabs by state."""

    page_template = "automations/list.html"
    results_template_name = "automations/list_results.html"
    filter_form = AutomationFilters
    size = 24
    table_columns = (
        TableColumn(name="name", label=gettext_lazy("Automation"), sort="name", phone="lead"),
        TableColumn(name="state", label=gettext_lazy("Status"), sort="state", phone="side"),
        TableColumn(name="trigger", label=gettext_lazy("Trigger")),
        TableColumn(
            name="inside",
            label=pgettext_lazy("automation", "Inside"),
            number=True,
            sort="inside",
        ),
        TableColumn(
            name="entered",
            label=pgettext_lazy("automation", "Entered"),
            number=True,
            sort="entered",
        ),
        TableColumn(
            name="finished",
            label=pgettext_lazy("automation", "Finished"),
            number=True,
            sort="finished",
        ),
        TableColumn(name="failures", label=gettext_lazy("Problems"), number=True, sort="failures"),
        TableColumn(name="changed", label=gettext_lazy("Changed"), sort="updated_at", phone=""),
    )
    owner_column = TableColumn(name="owner", label=gettext_lazy("Owner"), sort="owner__email")

    def get_table_columns(self) -> Sequence[TableColumn]:
        every = self.actor.sees_all
        return (*self.table_columns, self.owner_column) if every else self.table_columns

    def get_queryset(self) -> OwnedQuerySet[Automation]:
        rows, state = listed(self.actor), self.filters.value("state")
        if query := self.filters.value("q"):
            rows = rows.filter(name__iregex=re.escape(query))
        if state:
            return rows.filter(state=state)
        return rows.exclude(state=Automation.State.ARCHIVED)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        rows = [(one, badge_of(one), _trigger_word(one)) for one in page.rows]
        return super().get_context_data(
            page=page, rows=rows, state_tabs=TABS.items(), points=POINTS, **kwargs
        )


def _trigger_word(automation: Automation) -> str:
    version: AutomationVersion | None = automation.version
    definition = automation.draft if version is None else version.definition
    trigger = definition.get("trigger")
    kind = trigger.get("kind", "") if isinstance(trigger, dict) else ""
    return str(TRIGGERS.get(kind, UNKNOWN))


class AutomationCreate(LoggingMixin, OwnerFilterMixin, TemplateView):
    """A new automation: an empty one, or a starting point with its messages."""

    template_name = "automations/new.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(points=POINTS, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        owner, slug = cast(User, request.user), request.POST.get("point", "")
        try:
            if slug:
                made = begin(slug=slug, owner=owner, language=(get_language() or "")[:2])
            else:
                name = request.POST.get("name", "").strip() or _("New automation")
                made = create_draft(owner=owner, name=name, draft={})
        except LookupError as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, refusal_text(refused))
            return redirect("automations:create")
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("automations:create")
        if slug:
            messages.success(request, _("Draft created with its messages. Look through them."))
        return redirect("automations:edit", pk=made.pk)


class AutomationDetail(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """One automation: the equation, the steps with live figures, and the journal of versions."""

    page_template = "automations/detail.html"
    results_template_name = "automations/detail_part.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Automation.objects.select_related("owner", "version")
        automation = self.visible_or_404(rows, pk=self.kwargs["pk"])
        versions = versions_of(automation)
        version = self._shown(versions)
        own = automation.owner_id == self.actor.pk
        changed = differs(automation)
        asked = own and (changed or automation.version is None)
        missing = len(checked_outline(automation).failures) if asked else 0
        return super().get_context_data(
            automation=automation,
            badge=badge_of(automation),
            editable=own,
            writable=own and is_open(automation),
            switchable=is_switchable(cast(User, self.request.user), automation),
            versions=versions,
            version=version,
            number_text=str(version.number) if version is not None else "",
            inside=sum(one.inside for one in versions),
            missing=missing,
            differs=changed,
            **shown_definition(automation, version),
            **kwargs,
        )

    def _shown(self, versions: Sequence[AutomationVersion]) -> AutomationVersion | None:
        """The version that is asked for, else the newest."""
        number = row_id(self.request.GET.get("version", ""))
        chosen = next((one for one in versions if one.number == number), None)
        if number is not None and chosen is None:
            raise Http404
        return chosen or (versions[0] if versions else None)


def shown_definition(automation: Automation, version: AutomationVersion | None) -> dict[str, Any]:
    """The trigger, the rules and the steps in words; with figures those of a version."""
    definition = automation.draft if version is None else version.definition
    try:
        steps = raw_steps(definition)
    except FlowUnreadable as refused:
        return {"unreadable": refusal_text(refused)}
    speaker = Speaker(automation.owner, definition, steps)
    figures = {} if version is None else figures_of(version)

    def about(node: Node) -> Mapping[str, Any]:
        return figures.get(node.key, {})

    lines: list[Line] = lines_of(tree_of(steps), speaker, about)
    return {
        "lines": lines,
        "trigger": speaker.trigger(definition.get("trigger")),
        "reentry": speaker.reentry(definition.get("reentry")),
        "exits": speaker.exits(definition.get("exits")),
        "terms": [] if version is None else terms_of(version),
        "reasons": [] if version is None else reasons_of(version),
    }
