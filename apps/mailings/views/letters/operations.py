"""The acts on a message of blocks: by buttons of plain forms and by the script alike."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import View

from apps.core.errors import ContentRefused
from apps.core.mixins import LoggingMixin, wants_fragment
from apps.core.text.formatting import refusal_text
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import Applied, DraftMoved, Writer
from apps.mailings.views.letters.announcing import announcement
from apps.mailings.views.letters.base import LetterMixin, posted_act

#: Acts of one step.
_MOST = 50
#: What is typed: on the canvas, or above it.
_TYPED = ("set", "letter")


class Act(LoggingMixin, LetterMixin, View):
    """Does something to the draft, and shows what came of it."""

    http_method_names = ["post"]
    #: ``undo`` or ``redo`` for those.
    played = ""

    def post(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        message = self.letter()
        try:
            applied = self.apply(self.writer(message))
        except (DraftMoved, ContentRefused) as refusal:
            if wants_fragment(request):
                return self.refused(request, message, refusal)
            flash.error(request, refusal_text(refusal))
            return self.page_at("")
        said = announcement(applied, self.played)
        return self.after(request, applied, announce=said, keep_properties=self.keeps_form())

    def keeps_form(self) -> bool:
        """True if the form of the part is shown with what was done to it already."""
        return False

    def apply(self, writer: Writer) -> Applied:
        raise NotImplementedError


class LetterOperations(Act):
    """One act, or several as one step: ``act`` is JSON."""

    def apply(self, writer: Writer) -> Applied:
        asked = [posted_act(self.request.POST, one) for one in self._asked()]
        return draft_operations.act(writer, asked, now=timezone.now())

    def keeps_form(self) -> bool:
        """What is typed on the canvas stands in the form already, and a move changes no field."""
        shown = self.request.POST.get("selected")
        return all(
            isinstance(one, dict)
            and (one.get("op") in _TYPED or (one.get("op") == "move" and one.get("id") == shown))
            for one in self._asked()
        )

    def _asked(self) -> list[Any]:
        try:
            found = json.loads(self.request.POST.get("act", ""), parse_constant=_no_number)
        except (ValueError, RecursionError):
            return [{}]
        return found[:_MOST] if isinstance(found, list) else [found]


def _no_number(name: str) -> None:
    """Refuse NaN and its like, which are no JSON."""
    raise ValueError(name)


class LetterUndo(Act):
    """Takes the last step back."""

    played = "undo"

    def apply(self, writer: Writer) -> Applied:
        return draft_operations.undo(writer)


class LetterRedo(Act):
    """Does again what was taken back."""

    played = "redo"

    def apply(self, writer: Writer) -> Applied:
        return draft_operations.redo(writer)
