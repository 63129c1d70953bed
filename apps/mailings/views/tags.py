"""The page of one's own tags."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.lists.filters import FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import KeysetPage, SortKey, row_id, sorted_page
from apps.mailings.models import RecipientTag, Tag
from apps.mailings.selectors.recipients import OFFERED_TAGS, tags_like
from apps.mailings.services.tags import TagService, merge_tag, rename_tag
from apps.users.models import User

#: Tags that a search in the form of a mailing offers.
OFFERED = 20


class TagFilters(FilterForm):
    """What the list of tags is asked for."""

    q = WordsFilter(longest=80, label=gettext_lazy("Tag"))


class TagList(LoggingMixin, OwnerFilterMixin, ListPage[Tag, TagFilters]):
    """One's own tags with how many have each, found by their name. POST makes a new one."""

    page_template = "tags/list.html"
    results_template_name = "tags/list_results.html"
    filter_form = TagFilters
    table_columns = (
        TableColumn(
            name="name", label=gettext_lazy("Tag"), sort="name", indexed=True, phone="lead"
        ),
        TableColumn(
            name="recipients",
            label=gettext_lazy("Recipients"),
            number=True,
            sort="held_by",
            phone="side",
        ),
        TableColumn(name="added", label=gettext_lazy("Added"), sort="pk", phone=""),
    )

    def get_queryset(self) -> OwnedQuerySet[Tag]:
        # A subquery is counted for the tags of the page alone.
        held = RecipientTag.objects.filter(tag=OuterRef("pk")).order_by().values("tag")
        held_by = Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)
        return tags_like(self.actor, self.filters.value("q")).annotate(held_by=held_by)

    def get_page(self) -> KeysetPage[Tag]:
        """By name unless another order is asked for."""
        if self.page_table.order:
            return super().get_page()
        key = SortKey("name", "name", indexed=True)
        return sorted_page(self.get_queryset(), self.request.GET, size=self.size, key=key)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            fresh = Tag(owner=cast(User, request.user), name=request.POST.get("name", ""))
            TagService(self.actor).save(fresh)
            messages.success(request, _("Saved."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:tags")


class TagSuggestions(OwnerFilterMixin, TemplateView):
    """A few tags with these words in their name, for the form of a mailing."""

    template_name = "tags/suggestions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("tag_search", "")[:80]
        found = tags_like(self.actor, query)[:OFFERED] if query.strip() else []
        return super().get_context_data(tags=found, words=query, **kwargs)


class TagEdit(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Renames a tag, merges it into another, or deletes it."""

    template_name = "tags/edit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tag = TagService(self.actor).editable_or_403(self.kwargs["pk"])
        others = TagService(self.actor).own().exclude(pk=tag.pk).order_by("name")
        return super().get_context_data(
            tag=tag,
            held_by=RecipientTag.objects.filter(tag=tag).count(),
            others=others.values_list("name", flat=True)[:OFFERED_TAGS],
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        tag = TagService(self.actor).editable_or_403(pk)
        try:
            messages.success(request, self._act(tag, request.POST.get("act", "")))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("recipients:tag", pk=pk)
        return redirect("recipients:tags")

    def _act(self, tag: Tag, act: str) -> str:
        params = self.request.POST
        if act == "delete":
            TagService(self.actor).remove(tag, now=timezone.now())
            return _("Tag deleted. Recipients are unchanged.")
        if act == "merge":
            merge_tag(tag=tag, into=self._other(tag))
            return _("Tags merged.")
        rename_tag(tag=tag, name=params.get("name", ""), was=params.get("was", ""))
        return _("Saved.")

    def _other(self, tag: Tag) -> Tag:
        """The tag to merge into, by its name; programs may give its id."""
        name = " ".join(self.request.POST.get("into_name", "").split())
        mine = TagService(self.actor)
        if name:
            return mine.own().filter(name=name).first() or tag
        number = row_id(self.request.POST.get("into", ""))
        return mine.editable_or_403(number or 0)
