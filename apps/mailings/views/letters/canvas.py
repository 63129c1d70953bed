"""The message as it is written, for the editor, and what is pasted into it."""

from __future__ import annotations

from typing import Final

from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import View

from apps.core.content.blocks.cleaning import TooDeep, clean_rich
from apps.core.errors import DomainError
from apps.core.mixins import OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.services.letters.canvas import canvas_of
from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.views.letters.base import LetterMixin

#: The longest HTML that is pasted: a page of a word processor brings its styles with it.
_LONGEST: Final = 500_000
#: The editor's scripts alone, by their number; no form. No sandbox: the page around it takes part.
_CANVAS: Final = {
    "default-src": [NONE],
    "script-src": [NONCE],
    "img-src": [SELF, "data:", "https:"],
    "style-src": [UNSAFE_INLINE],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
}


@method_decorator([xframe_options_sameorigin, csp(_CANVAS)], name="dispatch")
class LetterCanvas(LetterMixin, View):
    """The draft in real fonts and colours."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context: dict[str, object] = {}
        try:
            context["shown"] = canvas_of(draft_for(self.letter(), self.author))
        except DomainError as refusal:
            context["refusal"] = refusal_text(refusal)
        return render(request, "messages/letter/canvas.html", context)


class Paste(OwnerFilterMixin, View):
    """HTML from a clipboard, as it may be put into a text. Nothing is kept."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        source = request.POST.get("html", "")
        try:
            cleaned = clean_rich(source) if len(source) <= _LONGEST else ""
        except TooDeep:
            cleaned = ""
        status = 200 if cleaned or not source.strip() else 422
        return HttpResponse(cleaned, content_type="text/plain; charset=utf-8", status=status)
