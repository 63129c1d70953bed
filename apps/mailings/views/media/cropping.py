"""The page that cuts a part out of a picture: by a shape and a point, or by numbers."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, TwoTemplatesMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.crop_form import CropForm
from apps.mailings.models import MediaFile
from apps.mailings.services.media.cropping import crop
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.renditions import path

#: So wide is the picture that is clicked, at most: the answer is in pixels of it.
_CLICKED: Final = 320


class MediaCrop(CostlyMixin, LoggingMixin, OwnerFilterMixin, TwoTemplatesMixin, TemplateView):
    """Shows what would be kept; POST keeps it as another picture."""

    page_template = "media/crop.html"
    results_template_name = "media/crop_result.html"

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def media(self) -> MediaFile:
        return MediaService(self.actor).editable_or_403(self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        media = kwargs.pop("media", None) or self.media()
        if "form" not in kwargs:
            asked = _asked(self.request.GET, media)
            kwargs["form"] = CropForm(asked if "shape" in asked else None, media=media)
        form = kwargs["form"]
        return super().get_context_data(
            media=media,
            shown_at=path(media, media.width),
            clicked=min(_CLICKED, media.width),
            box=form.box if not form.is_bound or form.is_valid() else None,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        media = self.media()
        form = CropForm(request.POST, media=media)
        if form.is_valid():
            try:
                made = crop(owner=self.actor, media=media, box=form.box)
            except Refused as refusal:
                form.add_error(None, refusal_text(refusal))
            else:
                flash.success(request, _("Cropped. The whole picture stays in the library."))
                return redirect("media:detail", pk=made.pk)
        context = self.get_context_data(media=media, form=form)
        return self.render_to_response(context, status=422)


def _asked(params: QueryDict, media: MediaFile) -> QueryDict:
    """What the form says; a click on the picture is its focus point."""
    asked = params.copy()
    wide = min(_CLICKED, media.width)
    sides = {"x": wide, "y": max(1, round(media.height * wide / media.width))}
    for side, length in sides.items():
        at = params.get(f"at.{side}", "")
        if at.isascii() and at.isdecimal() and len(at) < 6:
            asked[f"focus_{side}"] = str(min(100, round(int(at) * 100 / length)))
    return asked
