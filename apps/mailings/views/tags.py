"""The page of one's own tags."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import Slice, kept
from apps.mailings.listing import tags_like
from apps.mailings.models import RecipientTag, Tag
from apps.mailings.services.tags import create_tag, merge_tag, remove_tag, rename_tag
from apps.users.models import User

ON_A_PAGE = 50
#: Tags that a search in the form of a mailing offers.
OFFERED = 20


class TagList(LoggingMixin, OwnerFilterMixin, TemplateView):
    """One's own tags with how many have each, found by their name. POST makes a new one."""

    template_name = "tags/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        params = self.request.GET
        words = params.get("q", "")[:80]
        # A subquery is counted for the tags of the page alone.
        held = RecipientTag.objects.filter(tag=OuterRef("pk")).order_by().values("tag")
        held_by = Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)
        shown = tags_like(self.actor, words).annotate(held_by=held_by)
        paginator = Paginator(shown, ON_A_PAGE)
        found = paginator.get_page(params.get("page"))
        rows = list(found.object_list)
        page = Slice(
            rows,
            back=f"page={found.previous_page_number()}" if found.has_previous() else "",
            forth=f"page={found.next_page_number()}" if found.has_next() else "",
        )
        return super().get_context_data(
            tags=rows,
            page=page,
            found=paginator.count,
            words=words,
            keep=kept(params, "q"),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            create_tag(owner=cast(User, request.user), name=request.POST.get("name", ""))
            messages.success(request, _("Saved."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:tags")


class TagSuggestions(OwnerFilterMixin, TemplateView):
    """A few tags with these words in their name, for the form of a mailing."""

    template_name = "tags/suggestions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = self.request.GET.get("tag_search", "")[:80]
        found = tags_like(self.actor, words)[:OFFERED] if words.strip() else []
        return super().get_context_data(tags=found, words=words, **kwargs)


class TagAct(LoggingMixin, OwnerFilterMixin, View):
    """Renames a tag, merges it into another, or deletes it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        tag = self.editable_or_403(Tag.objects.all(), pk=pk)
        try:
            messages.success(request, self._act(tag, request.POST.get("act", "")))
        except Refused as refusal:
            messages.error(request, str(refusal))
        keep = kept(request.POST, "q", "page")
        return redirect(f"{reverse('recipients:tags')}{'?' if keep else ''}{keep}")

    def _act(self, tag: Tag, act: str) -> str:
        params = self.request.POST
        if act == "delete":
            remove_tag(tag=tag)
            return _("The tag is gone; the recipients stay.")
        if act == "merge":
            merge_tag(tag=tag, into=self._other(tag))
            return _("The two tags are one now.")
        rename_tag(tag=tag, name=params.get("name", ""), was=params.get("was", ""))
        return _("Saved.")

    def _other(self, tag: Tag) -> Tag:
        """The tag to merge into, by its name; programs may give its id."""
        name = " ".join(self.request.POST.get("into_name", "").split())
        mine = Tag.objects.editable_by(self.actor)
        if name:
            return mine.filter(name=name).first() or tag
        word = self.request.POST.get("into", "")
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0
        return self.editable_or_403(Tag.objects.all(), pk=number)
