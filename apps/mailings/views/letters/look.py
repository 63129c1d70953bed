"""A message of blocks as its recipients will see it, in several ways."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.views.letters.base import LetterMixin

#: The ways to look at a message.
VIEWS: Final = {
    "desktop": _("Desktop"),
    "phone": _("Phone"),
    "dark": _("Dark"),
    "images_off": _("Images off"),
    "text": _("Plain text"),
}


class LetterLook(LetterMixin, View):
    """The draft in a frame, and the links to the other ways to look at it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = draft_for(self.letter(), self.author)
        chosen = request.GET.get("view", "")
        context = {
            "message": draft.message,
            "draft": draft,
            "views": VIEWS.items(),
            "view": chosen if chosen in VIEWS else "desktop",
            "recipient": request.GET.get("recipient", "")[:254],
        }
        return render(request, "messages/letter/look.html", context)
