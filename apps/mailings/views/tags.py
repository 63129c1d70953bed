"""The page of one's own tags."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.mailings.models import Tag
from apps.mailings.services.tags import merge_tag, remove_tag, rename_tag

#: Tags that one page shows; whoever has more has made them by a program.
SHOWN = 500


class TagList(OwnerFilterMixin, TemplateView):
    """Every tag of one's own with how many have it."""

    template_name = "tags/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tags = Tag.objects.editable_by(self.actor).annotate(held_by=Count("recipienttag"))
        return super().get_context_data(tags=list(tags.order_by("name")[:SHOWN]), **kwargs)


class TagAct(LoggingMixin, OwnerFilterMixin, View):
    """Renames a tag, merges it into another, or deletes it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        tag = self.editable_or_403(Tag.objects.all(), pk=pk)
        try:
            messages.success(request, self._act(tag, request.POST.get("act", "")))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:tags")

    def _act(self, tag: Tag, act: str) -> str:
        if act == "delete":
            remove_tag(tag=tag)
            return _("The tag is gone; the recipients stay.")
        if act == "merge":
            number = row_id(self.request.POST.get("into", ""))
            into = self.editable_or_403(Tag.objects.all(), pk=number or 0)
            merge_tag(tag=tag, into=into)
            return _("The two tags are one now.")
        rename_tag(tag=tag, name=self.request.POST.get("name", ""))
        return _("Saved.")
