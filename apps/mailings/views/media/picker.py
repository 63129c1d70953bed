"""Choosing a picture: a fragment for the editor, and the same as a page of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.lists.page import ListPage
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import MediaFile
from apps.mailings.selectors.media import media_like, shown_media
from apps.mailings.views.media.adding import Added, add_pictures
from apps.mailings.views.media.library import MediaFilters, thumbnail


class MediaPicker(LoggingMixin, OwnerFilterMixin, ListPage[MediaFile, MediaFilters]):
    """One's own pictures to choose from, and a form to add one.

    Where a page asks (``next``, an address of this site) each picture leads back to it with
    ``picture=ID``. Otherwise each is a button, and the script of the library sends the
    event ``media:picked`` when one is pressed.
    """

    page_template = "media/picker_page.html"
    results_template_name = "media/picker.html"
    filter_form = MediaFilters
    size = 24

    def get_queryset(self) -> OwnedQuerySet[MediaFile]:
        own = shown_media().editable_by(self.actor)
        return media_like(own, self.filters.value("q"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("page", self.get_page())
        back = self._back()
        added: Added | None = kwargs.get("added")
        fresh = {one.pk for one in added.pictures} if added is not None else set()
        return super().get_context_data(
            pictures=[
                (one, thumbnail(one), _with(back, one), one.pk in fresh)
                for one in kwargs["page"].rows
            ],
            back=back,
            add_url=_asked_by(back),
            **kwargs,
        )

    def _back(self) -> str:
        """The page that asks, when it is one of ours."""
        url = self.request.GET.get("next", "")
        known = url_has_allowed_host_and_scheme(url, {self.request.get_host()})
        return url if known and url.startswith("/") else ""

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        added = add_pictures(request, self.actor)
        return self.render_to_response(self.get_context_data(added=added))


def _asked_by(back: str) -> str:
    """The picker, as the page asked for it; without what was searched for."""
    here = reverse("media:picker")
    return f"{here}?{urlencode({'next': back})}" if back else here


def _with(back: str, media: MediaFile) -> str:
    """The page that asked, with the choice."""
    if not back:
        return ""
    mark = "&" if urlsplit(back).query else "?"
    return f"{back}{mark}{urlencode({'picture': media.pk})}"
