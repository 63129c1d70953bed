"""`/m/`: the pictures of letters, for everybody who has a letter."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.generic import View

from apps.core.http.response_headers import for_everybody
from apps.mailings.media.files import LARGEST_KEPT, content_of, name_of, opened
from apps.mailings.models import MediaFile, MediaRendition


@method_decorator(csp({"default-src": [NONE], "sandbox": True}), name="dispatch")
class MediaContent(View):
    """One file of a picture. Nobody is asked who it is, and no cookie is set.

    Only files that were made before are found here: a stranger makes us make none.
    """

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, token: str, width: str, ending: str) -> HttpResponseBase:
        rows = MediaRendition.objects.select_related("media")
        found = rows.filter(media__token=token, width=int(width)).first()
        if found is None:
            gone = MediaFile.objects.filter(token=token).exclude(removed_at=None).exists()
            return HttpResponse(status=410 if gone else 404)
        etag = f'"{found.sha256[:32]}"'
        if etag in request.headers.get("If-None-Match", ""):
            response: HttpResponseBase | None = HttpResponse(status=304)
        else:
            response = _file(found)
        if response is None:
            return HttpResponse(status=404)
        if response.status_code == 200:
            # The ending is that of what was there before another picture took its place.
            response["Content-Type"] = found.media.content_type
        response["ETag"] = etag
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        for_everybody(response)
        return response


def _file(found: MediaRendition) -> HttpResponseBase | None:
    """Its bytes, or where the server in front finds them; None when they are not there."""
    if settings.MEDIA_ACCEL_REDIRECT:
        place = f"{settings.MEDIA_ACCEL_REDIRECT}{name_of(found.media, found.sha256)}"
        return HttpResponse(headers={"X-Accel-Redirect": place})
    if found.size > LARGEST_KEPT:
        file = opened(found)
        return FileResponse(file) if file is not None else None
    content = content_of(found)
    return HttpResponse(content) if content is not None else None
