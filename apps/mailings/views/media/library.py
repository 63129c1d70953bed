"""The library of pictures: found, added, looked at as a grid or as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import MediaFile
from apps.mailings.selectors.media import HIDDEN, UNUSED, media_like, shown_media
from apps.mailings.services.media.renditions import path
from apps.mailings.services.media.uploads import THUMBNAIL, used_bytes
from apps.mailings.views.media.adding import Added, add_pictures

_MEGABYTE = 1024 * 1024


class MediaFilters(FilterForm):
    """What the library is asked for."""

    q = WordsFilter(longest=200, label=gettext_lazy("Name or alternative text"))
    state = ChoiceFilter(
        [
            ("", gettext_lazy("All")),
            (UNUSED, pgettext_lazy("pictures", "Not used")),
            (HIDDEN, pgettext_lazy("pictures", "Hidden")),
        ],
        label=gettext_lazy("Status"),
    )


def thumbnail(media: MediaFile) -> str:
    """The address, on this site, of what lists show of a picture."""
    return path(media, min(media.width, THUMBNAIL))


class MediaList(LoggingMixin, OwnerFilterMixin, ListPage[MediaFile, MediaFilters]):
    """The pictures, newest first. POST adds some; what is refused is said beside the form."""

    page_template = "media/list.html"
    results_template_name = "media/grid.html"
    filter_form = MediaFilters
    size = 48

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email", phone="")
        return [
            TableColumn(name="name", label=_("Name"), sort="name", phone="lead"),
            TableColumn(name="type", label=_("Type"), sort="kind", phone=""),
            TableColumn(name="pixels", label=_("Pixels"), number=True, sort="width"),
            TableColumn(name="size", label=_("Size"), number=True, sort="size", phone="side"),
            TableColumn(name="used", label=_("Messages"), number=True, sort="used"),
            TableColumn(name="sent", label=_("First sent"), sort="sent_at"),
            TableColumn(name="added", label=_("Added"), sort="pk", phone=""),
            *([owner] if self.actor.sees_all else []),
        ]

    def get_queryset(self) -> OwnedQuerySet[MediaFile]:
        rows = shown_media(self.filters.value("state") or "")
        return media_like(self.visible(rows), self.filters.value("q"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("page", self.get_page())
        used = used_bytes(self.actor.pk)
        return super().get_context_data(
            pictures=[(one, thumbnail(one)) for one in kwargs["page"].rows],
            results_template=self.results_template_name,
            used_bytes=used,
            quota_bytes=settings.MEDIA_QUOTA_MB * _MEGABYTE,
            **kwargs,
        )

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        added = add_pictures(request, self.actor)
        if added.refusals:
            return self.render_to_response(self.get_context_data(added=added))
        flash.success(request, words_of(added))
        return redirect(request.path)


class MediaTable(MediaList):
    """The same as a table, sorted by its columns."""

    results_template_name = "media/table.html"


def words_of(added: Added) -> str:
    """What was added, in words."""
    count = len(added.pictures)
    text = ngettext("%(count)d picture added.", "%(count)d pictures added.", count)
    return text % {"count": count}
