"""The pages of segments: the list, the builder, and what a segment finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from django_htmx.http import HttpResponseClientRedirect

from apps.core.errors import Refused
from apps.core.exports.tables import Cell
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, wants_fragment
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.mailings.forms.segment_builder import MODE_LABELS, Builder, Part
from apps.mailings.models import Recipient, Segment
from apps.mailings.recipient_export import worded_table_of
from apps.mailings.segments import (
    SegmentInvalid,
    checked,
    count,
    estimate,
    explained,
    ground_of,
    members,
    sentence,
    sentences,
)
from apps.mailings.segments.fields import FIELDS, tests_of
from apps.mailings.segments.tree import Node
from apps.mailings.segments.values import Shape
from apps.mailings.selectors.recipient_search import with_address
from apps.mailings.selectors.recipients import RecipientFilters
from apps.mailings.selectors.segments import Offers, conditions_of, copyable, tree_of_filters
from apps.mailings.services.segmentation.segments import SegmentService, mailings_with
from apps.users.models import User

#: So many members are shown below the conditions.
SHOWN: Final = 20
_RANGES: Final = (Shape.DAY_RANGE, Shape.NUMBER_RANGE)


class SegmentFilters(FilterForm):
    """What the list of segments is asked for."""

    q = WordsFilter(longest=120, label=gettext_lazy("Segment"))
    state = ChoiceFilter(
        [("", gettext_lazy("In use")), ("archived", gettext_lazy("Archived"))],
        label=gettext_lazy("Status"),
    )


class SegmentList(OwnerFilterMixin, ListPage[Segment, SegmentFilters]):
    """The segments that the actor sees, newest first."""

    page_template = "segments/list.html"
    results_template_name = "segments/list_results.html"
    filter_form = SegmentFilters
    table_columns = (
        TableColumn(name="name", label=gettext_lazy("Segment"), sort="name", phone="lead"),
        TableColumn(name="counted", label=gettext_lazy("Recipients"), number=True, sort="counted"),
        TableColumn(name="counted_at", label=gettext_lazy("Counted"), sort="counted_at"),
        TableColumn(name="changed", label=gettext_lazy("Changed"), sort="updated_at", phone=""),
    )

    def get_queryset(self) -> OwnedQuerySet[Segment]:
        rows = self.visible(Segment.objects.all())
        if query := self.filters.value("q"):
            rows = rows.filter(name__iregex=re.escape(query))
        return rows.filter(archived_at__isnull=self.filters.value("state") != "archived")


class SegmentBuilder(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Makes and changes a segment. Whatever is pressed, the form comes back as it then stands."""

    page_template = "segments/builder.html"
    part_of_page = "segments/builder_form.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        segment = self._segment()
        offers = Offers(segment.owner)
        tree = segment.tree or tree_of_filters(RecipientFilters(request.GET), self.actor)
        if tree:
            builder = Builder.of_tree(tree, offers.kinds)
        else:
            builder = Builder.fresh(offers.kinds)
        return self._shown(segment, builder, offers, act="open")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        segment = self._segment()
        segment.name = " ".join(request.POST.get("name", "").split())[:120]
        offers = Offers(segment.owner)
        builder = Builder.posted(request.POST, offers.kinds)
        act = request.POST.get("act", "")
        builder.act(act)
        if act == "copy":
            copied = conditions_of(self.actor, row_id(request.POST.get("copy_from", "")))
            if copied is not None:
                builder.add_conditions(copied)
        if act != "save":
            return self._shown(segment, builder, offers, act=act)
        try:
            segment.tree = builder.tree()
            saved = SegmentService(self.actor).save(segment)
        except SegmentInvalid as refusal:
            builder.mark(refusal.path, refusal.why)
            return self._shown(segment, builder, offers, act=act)
        except ValidationError as error:
            return self._shown(segment, builder, offers, act=act, errors=error.messages)
        messages.success(request, _("Saved."))
        url = reverse("segments:detail", args=[saved.pk])
        return HttpResponseClientRedirect(url) if wants_fragment(request) else redirect(url)

    def _segment(self) -> Segment:
        if "pk" in self.kwargs:
            rows = Segment.objects.select_related("owner")
            return self.editable_or_403(rows, pk=self.kwargs["pk"])
        return Segment(owner=cast(User, self.request.user), tree={})

    def _shown(
        self,
        segment: Segment,
        builder: Builder,
        offers: Offers,
        *,
        act: str,
        errors: Sequence[str] = (),
    ) -> HttpResponse:
        tree = self._checked(builder, segment.owner, complain=act in ("save", "show", "why"))
        context: dict[str, Any] = {
            "segment": segment,
            "root": view_of(builder, builder.root, offers),
            "errors": errors,
            "copyable": copyable(self.actor, but=segment.pk),
            "focus": builder.focus,
            "why_address": self.request.POST.get("why_address", "")[:254],
        }
        if tree is not None:
            context |= findings(tree, segment.owner, exact=act in ("show", "why"))
            context["members"] = shown_members(tree, segment.owner) if act == "show" else None
            if act == "why":
                context["why"] = why(tree, segment.owner, context["why_address"])
        template = self.part_of_page if wants_fragment(self.request) else self.page_template
        return render(self.request, template, context)

    def _checked(self, builder: Builder, owner: User, *, complain: bool) -> Node | None:
        tree = builder.tree()
        try:
            return checked(tree, owner)
        except SegmentInvalid as refusal:
            if complain:
                builder.mark(refusal.path, refusal.why)
            return None


class SegmentDetail(OwnerFilterMixin, TemplateView):
    """A segment: whom it describes, how many they are, and which mailings use it."""

    template_name = "segments/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Segment.objects.select_related("owner")
        segment = self.visible_or_404(rows, pk=self.kwargs["pk"])
        address = self.request.GET.get("why_address", "")[:254]
        context = findings(segment.tree, segment.owner, exact="exact" in self.request.GET)
        if address:
            context["why"] = why(segment.tree, segment.owner, address)
        return super().get_context_data(
            segment=segment,
            editable=segment.owner_id == self.actor.pk,
            members=shown_members(segment.tree, segment.owner),
            mailings=mailings_with(segment),
            why_address=address,
            **context,
            **kwargs,
        )


class SegmentExport(OwnerFilterMixin, ListPage[Recipient, FilterForm]):
    """The members as a file, in the form of the list of recipients."""

    filter_form = FilterForm
    page_template = results_template_name = "segments/detail.html"

    def get_queryset(self) -> OwnedQuerySet[Recipient]:
        segment = self.visible_or_404(Segment.objects.select_related("owner"), pk=self.kwargs["pk"])
        return members(segment.tree, ground_of(segment.owner, timezone.now()))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.export(kwargs["form"])

    def get_export_name(self) -> str:
        return f"segment-{self.kwargs['pk']}"

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        found = worded_table_of(self.get_queryset())
        return found.header, found.rows


class SegmentArchive(LoggingMixin, OwnerFilterMixin, View):
    """Puts a segment into the archive, or takes it out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        mine = SegmentService(self.actor)
        segment = mine.editable_or_403(pk)
        try:
            if act == "restore":
                mine.restore(segment)
                messages.success(request, _("Restored from the archive."))
            else:
                mine.remove(segment, now=timezone.now())
                undo = reverse("segments:restore", args=[pk])
                messages.success(request, _("Segment archived."), extra_tags=undo)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("segments:detail", pk=pk)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("segments:detail", pk=pk)
        return redirect("segments:list")


def findings(tree: Node, owner: User, *, exact: bool) -> dict[str, Any]:
    """What a good tree says and finds."""
    ground = ground_of(owner, timezone.now())
    found = count(tree, ground) if exact else estimate(tree, ground)
    return {
        "sentence": sentence(tree, owner),
        "found": found,
        "cannot_know": found.cannot_know,
        "lags": found.as_of != ground.now,
        "json": json.dumps(tree, ensure_ascii=False, indent=2),
    }


def shown_members(tree: Node, owner: User) -> list[Recipient]:
    """The newest of the members."""
    return list(members(tree, ground_of(owner, timezone.now())).order_by("-pk")[:SHOWN])


def why(tree: Node, owner: User, address: str) -> dict[str, Any]:
    """Each condition with its answer for the person who has this address."""
    mine = Recipient.objects.filter(owner=owner, archived_at=None)
    person = with_address(mine, address)
    if person is None:
        return {"person": None}
    said = sentences(tree, owner)
    answers = explained(tree, ground_of(owner, timezone.now()), person.pk)
    rows = [(path.count("."), said[path], answer) for path, answer in answers.items()]
    return {"person": person, "rows": rows, "answer": answers["root"]}


def view_of(builder: Builder, part: Part, offers: Offers) -> dict[str, Any]:
    """A node as the template shows it."""
    last = part.path.rpartition(".")[2]
    number = int(last) + 1 if last.isdecimal() else 0
    shown: dict[str, Any] = {"path": part.path, "error": part.error, "number": number}
    if part.asked is None:
        return shown | {
            "mode": part.mode,
            "modes": MODE_LABELS,
            "children": [view_of(builder, child, offers) for child in part.children],
        }
    asked, test = part.asked, part.asked.test(offers.kinds)
    column = FIELDS.get(asked.column)
    shape = test.shape if test else Shape.NOTHING
    kind = column.rows if column and shape in (Shape.ROWS, Shape.REACTION) else ""
    return shown | {
        "asked": asked,
        "fields": offers.fields(asked.field),
        "tests": [(one.op, one.label) for one in _tests(part, offers)],
        "op": test.op if test else "",
        "shape": str(shape),
        "is_range": shape in _RANGES,
        "options": offers.rows(kind, asked.rows) if kind else column.choices if column else (),
    }


def _tests(part: Part, offers: Offers) -> Iterable[Any]:
    assert part.asked is not None
    return tests_of(part.asked.column, part.asked.name, offers.kinds).values()
