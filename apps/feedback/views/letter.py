"""`/v/`: a letter in the browser, for anybody who has its link."""

from __future__ import annotations

from typing import Final

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from apps.feedback.services.letters import LetterGone, LetterHidden, letter_of
from apps.feedback.views.public import PublicPageMixin, genuine
from apps.mailings.links import delivery_viewed

#: Pictures and its own styles. No script, no form, no frame, no origin: nothing on it could act as
#: a page of this site. What its links open in another tab is not held in the same sandbox.
POLICY: Final = {
    "default-src": [NONE],
    "img-src": ["data:", "https:", SELF],
    "style-src": [UNSAFE_INLINE],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@method_decorator(never_cache, name="dispatch")
class LetterPage(PublicPageMixin, View):
    """GET only reads: nothing is counted, for robots open every link, too."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            letter = letter_of(genuine(request, delivery_viewed(token)))
        except LetterHidden:
            raise Http404 from None
        except LetterGone:
            return render(request, "feedback/letter_gone.html", status=410)

        @csp(POLICY)
        def shown(request: HttpRequest) -> HttpResponseBase:
            return render(request, "feedback/letter.html", {"letter": letter})

        return shown(request)
