"""The page of one picture: its words, where it is shown, another in its place, its end."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.mailings.media.errors import MediaRefused
from apps.mailings.models import MediaFile
from apps.mailings.selectors.letters.uses import places_with
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.renditions import address, path
from apps.mailings.services.media.uploads import replace
from apps.mailings.services.media.uses import letters_with


class MediaDetail(LoggingMixin, OwnerFilterMixin, TemplateView):
    """The picture and what is known of it. POST changes its words, or shows a hidden one again."""

    template_name = "media/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        media = MediaService(self.actor).visible_or_404(self.kwargs["pk"])
        return super().get_context_data(
            media=media,
            shown_at=path(media, media.width),
            address=address(media, media.width),
            uses=places_with(media),
            editable=media.owner_id == self.actor.pk,
            replaceable=media.sent_at is None and media.archived_at is None,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        pictures = MediaService(self.actor)
        media = pictures.editable_or_403(pk)
        try:
            if request.POST.get("act") == "restore":
                pictures.restore(media)
                flash.success(request, _("The picture is in the library again."))
            else:
                fields = request.POST
                pictures.rename(media, name=fields.get("name", ""), alt=fields.get("alt", ""))
                flash.success(request, _("Saved."))
        except Refused as refusal:
            flash.error(request, str(refusal))
        return redirect("media:detail", pk=pk)


class MediaReplace(CostlyMixin, MediaDetail):
    """Puts another picture in the place of one that was never sent."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        media = MediaService(self.actor).editable_or_403(pk)
        upload = request.FILES.get("file")
        try:
            if upload is None:
                raise MediaRefused(_("Choose a picture."))
            replace(media=media, upload=cast(Any, upload))
        except Refused as refusal:
            return self.render_to_response(self.get_context_data(refusal=refusal))
        flash.success(request, _("Replaced. Its address is the same."))
        return redirect("media:detail", pk=pk)


class MediaDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says what letters that were sent would show."""

    template_name = "media/delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        media: MediaFile = MediaService(self.actor).editable_or_403(self.kwargs["pk"])
        return super().get_context_data(
            media=media,
            shown_at=path(media, media.width),
            uses=places_with(media),
            letters=letters_with(media) if media.sent_at is not None else 0,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        pictures = MediaService(self.actor)
        media = pictures.editable_or_403(pk)
        try:
            if request.POST.get("act") == "for_good":
                pictures.remove_for_good(media, now=timezone.now())
                deleted = True
            else:
                deleted = pictures.remove(media, now=timezone.now())
        except Refused as refusal:
            flash.error(request, str(refusal))
            return redirect("media:delete", pk=pk)
        text = _("Deleted.") if deleted else _("Hidden. Emails that were sent still show it.")
        flash.success(request, text)
        return redirect("media:list")
