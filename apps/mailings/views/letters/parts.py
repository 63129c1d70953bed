"""One part of a message of blocks: its form, and where it may move to."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import View

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import part_gone
from apps.core.errors import ContentRefused, DomainError
from apps.core.mixins import LoggingMixin, wants_fragment
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.models import MessageDraft
from apps.mailings.selectors.letters.saved_blocks import blocks_of
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import DraftMoved, Writer, draft_for
from apps.mailings.views.letters.base import LetterMixin
from apps.mailings.views.letters.outline import additions_after, targets_of


class _FormPage(LoggingMixin, LetterMixin, View):
    """A form over the draft whose changes are one step: a page, or a fragment beside the canvas."""

    template = ""

    def make(self, draft: MessageDraft, data: Any = None) -> Any:
        raise NotImplementedError

    def shown(self, draft: MessageDraft, form: Any) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        draft = draft_for(self.letter(), self.author)
        form = self.make(draft)
        template = "properties" if wants_fragment(request) else self.template
        context = {"draft": draft, "message": draft.message, **self.shown(draft, form)}
        return render(request, f"messages/letter/{template}.html", context)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        message = self.letter()
        draft, writer = draft_for(message, self.author), self.writer(message)
        unfit = self._unfit(draft, writer)
        if unfit is not None:
            return self.refused(request, message, unfit)
        form = self.make(draft, request.POST)
        if not form.is_valid():
            return self._render(draft, form, status=422)
        try:
            applied = draft_operations.act(writer, form.acts(), now=timezone.now())
        except DraftMoved as moved:
            if wants_fragment(request):
                return self.refused(request, message, moved)
            form.add_error(None, refusal_text(moved))
            return self._render(draft_for(message, self.author), form, status=409)
        except ContentRefused as refusal:
            form.add_error(None, refusal_text(refusal))
            return self._render(draft, form, status=422)
        if wants_fragment(request):
            return self.after(request, applied, keep_properties=not form.reshapes())
        return self.page_at(kwargs.get("node", ""))

    def _unfit(self, draft: MessageDraft, writer: Writer) -> DomainError | None:
        """Why what was sent is not looked at. A plain form comes back with it as long as it can."""
        node = self.kwargs.get("node", "")
        is_gone = bool(node) and places.find(draft.document or {}, node) is None
        if not is_gone and not wants_fragment(self.request):
            return None
        try:
            draft_operations.demand_unmoved(draft, writer)
        except DraftMoved as moved:
            return moved
        return part_gone() if is_gone and wants_fragment(self.request) else None

    def _render(self, draft: MessageDraft, form: Any, status: int) -> HttpResponse:
        """What was typed with what is wrong about it; a script keeps the fields that it has."""
        shown = self.shown(draft, form)
        if not wants_fragment(self.request):
            context = {"draft": draft, "message": draft.message, **shown}
            template = f"messages/letter/{self.template}.html"
            return render(self.request, template, context, status=status)
        wrong = [self._sentence(form, name, errors) for name, errors in form.errors.items()]
        context = {
            **self.standing(draft),
            "refusal": " ".join(wrong),
            "wrong": " ".join(form.errors),
            "focus": self.kwargs.get("node", ""),
            "keep_properties": True,
        }
        return render(self.request, "messages/letter/fragments.html", context, status=status)

    def _sentence(self, form: Any, name: str, errors: list[str]) -> str:
        label = f"{form.fields[name].label}: " if name in form.fields else ""
        return f"{label}{errors[0]}"


class LetterPart(_FormPage):
    """The form of a part."""

    template = "part"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.GET.get("as") != "json":
            return super().get(request, **kwargs)
        draft = draft_for(self.letter(), self.author)
        place = places.find(draft.document or {}, kwargs["node"])
        if place is None:
            raise Http404
        return JsonResponse(place.node)

    def make(self, draft: MessageDraft, data: Any = None) -> Any:
        form = self.form_of(draft, self.kwargs["node"], data)
        picked = row_id(self.request.GET.get("picture", ""))
        if data is None and picked is not None:  # the library leads back with a choice
            form.choose_picture(self.request.GET.get("for", ""), picked)
        return form

    def shown(self, draft: MessageDraft, form: Any) -> dict[str, Any]:
        return self.properties(draft, self.kwargs["node"], form)


class LetterTheme(_FormPage):
    """Colours and fonts of the whole message."""

    template = "theme"

    def make(self, draft: MessageDraft, data: Any = None) -> Any:
        return self.theme_form(draft, data)

    def shown(self, draft: MessageDraft, form: Any) -> dict[str, Any]:
        return {"theme_form": form}


class LetterMove(LetterMixin, View):
    """Where a part may move to: every place in words."""

    def get(self, request: HttpRequest, pk: int, node: str) -> HttpResponse:
        draft = draft_for(self.letter(), self.author)
        if places.find(draft.document or {}, node) is None:
            raise Http404
        targets = targets_of(draft.document or {}, node)
        in_dialog = wants_fragment(request)
        part = "_part" if in_dialog else ""
        context = {
            "draft": draft,
            "message": draft.message,
            "targets": targets,
            "in_dialog": in_dialog,
        }
        context |= self.properties(draft, node)
        return render(request, f"messages/letter/move{part}.html", context)


class LetterAdd(LetterMixin, View):
    """What may be added behind a part: every kind as a button, found by its name."""

    def get(self, request: HttpRequest, pk: int, node: str) -> HttpResponse:
        draft = draft_for(self.letter(), self.author)
        if places.find(draft.document or {}, node) is None:
            raise Http404
        in_dialog = wants_fragment(request)
        part = "_part" if in_dialog else ""
        context = {
            "draft": draft,
            "message": draft.message,
            "in_dialog": in_dialog,
            "additions": additions_after(draft.document or {}, node, blocks_of(self.actor)),
            **self.properties(draft, node),
        }
        return render(request, f"messages/letter/add{part}.html", context)
