"""Saved blocks in a message: a section becomes one, and one becomes a section."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.content.blocks.editing import places
from apps.core.errors import ContentRefused
from apps.core.mixins import LoggingMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.saving_form import SaveBlockForm
from apps.mailings.models import MessageDraft
from apps.mailings.selectors.letters.saved_blocks import shown_blocks
from apps.mailings.services.letters.draft_operations import (
    Applied,
    DraftMoved,
    Writer,
    draft_for,
)
from apps.mailings.services.letters.reuse.sections import Keeping, keep_as_block, unlink
from apps.mailings.views.letters.base import LetterMixin
from apps.mailings.views.letters.operations import Act


class LetterKeep(LoggingMixin, LetterMixin, View):
    """Asks under which name a section is kept, or which block it replaces."""

    def get(self, request: HttpRequest, pk: int, node: str) -> HttpResponse:
        return self._page(draft_for(self.letter(), self.author), self._form())

    def post(self, request: HttpRequest, pk: int, node: str) -> HttpResponse:
        message = self.letter()
        draft, form = draft_for(message, self.author), self._form(request.POST)
        page = self._page(draft, form, status=422)
        if not form.is_valid():
            return page
        given = form.cleaned_data
        keeping = Keeping(name=given["name"], block=form.chosen, linked=given["linked"])
        try:
            block = keep_as_block(self.writer(message), node, keeping, now=timezone.now())
        except DraftMoved as moved:
            form.add_error(None, refusal_text(moved))
            return self._page(draft, form, status=409)
        except ContentRefused as refusal:
            form.add_error(None, refusal_text(refusal))
            return self._page(draft, form, status=422)
        except ValidationError as error:
            form.add_error("name" if form.chosen is None else None, error.messages)
            return self._page(draft, form, status=422)
        flash.success(request, _("Block saved: %(name)s") % {"name": block.name})
        return self.page_at("" if given["linked"] else node)

    def _form(self, data: Any = None) -> SaveBlockForm:
        own = shown_blocks().editable_by(self.actor).order_by("name")
        return SaveBlockForm(data, blocks=list(own))

    def _page(self, draft: MessageDraft, form: SaveBlockForm, status: int = 200) -> HttpResponse:
        node = self.kwargs["node"]
        place = places.find(draft.document or {}, node)
        if place is None or places.kind_of(place.node) != "section":
            raise Http404
        context = {"draft": draft, "message": draft.message, "form": form}
        context |= self.properties(draft, node)
        return render(self.request, "messages/letter/keep.html", context, status=status)


class LetterUnlink(Act):
    """Makes a saved block part of the message."""

    def apply(self, writer: Writer) -> Applied:
        return unlink(writer, self.kwargs["node"], now=timezone.now())
