"""What the pages of a message of blocks share: the draft, and what is shown of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.core.content.blocks.editing import places
from apps.core.errors import DomainError
from apps.core.mixins import OwnerFilterMixin, wants_fragment
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.head import LetterHeadForm
from apps.mailings.forms.letters.node_form import NodeForm
from apps.mailings.forms.letters.offers import offers_of
from apps.mailings.forms.letters.theme_form import ThemeForm
from apps.mailings.models import Message, MessageDraft, SavedBlock
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.selectors.letters.saved_blocks import blocks_of, used_in
from apps.mailings.selectors.letters.uses import places_with_block
from apps.mailings.selectors.letters.writing import step_labels
from apps.mailings.selectors.messages import field_choices
from apps.mailings.services.letters.draft_operations import Applied, DraftMoved, Writer, draft_for
from apps.mailings.services.letters.hints import gaps_of
from apps.mailings.views.letters.changed import changed_fragments
from apps.mailings.views.letters.keys import KEYS
from apps.mailings.views.letters.outline import END, insertion, names_of, outline_of, words_of_way
from apps.users.models import User


class LetterMixin(OwnerFilterMixin):
    """One's own message of blocks, its draft, and the answers with both.

    What is somebody else's is 404 or 403; a message of another form is 404.
    """

    kwargs: dict[str, Any]

    @property
    def author(self) -> User:
        return cast(User, self.request.user)

    def letter(self) -> Message:
        rows = Message.objects.filter(archived_at=None)
        message = self.editable_or_403(rows, pk=self.kwargs["pk"])
        if message.document is None:
            raise Http404
        return message

    def writer(self, message: Message) -> Writer:
        """Who writes, and what was seen when the form was made."""
        posted = self.request.POST
        return Writer(
            author=self.author,
            message=message,
            sequence=row_id(posted.get("sequence", "")) or 0,
            base_revision=row_id(posted.get("base_revision", "")) or 0,
        )

    def form_of(self, draft: MessageDraft, node_id: str, data: Any = None) -> NodeForm:
        """The form of a part. Http404 when there is none."""
        place = places.find(draft.document or {}, node_id)
        if place is None:
            raise Http404
        return NodeForm(data, node=place.node, offers=offers_of(self.author))

    def theme_form(self, draft: MessageDraft, data: Any = None) -> ThemeForm:
        """The form of the design, or of whether the message follows the brand."""
        brand = brand_of(draft.owner_id)
        theme = brand.style.theme.model_dump(mode="json") if brand is not None else None
        return ThemeForm(data, theme=(draft.document or {})["theme"], brand=theme)

    def context(self, draft: MessageDraft, **more: Any) -> dict[str, Any]:
        """What the page and its fragments show of a draft."""
        parts, lacks = outline_of(draft.document or {}, gaps_of(draft), names_of(draft))
        block = cast(Message, draft.message).of_block
        return {
            "parts": parts,
            "lacks": lacks if block is None else [],  # its letters have the rest
            "blocks": [(kind, words.KINDS[kind]) for kind in places.BLOCKS],
            "layouts": words.LAYOUTS.items(),
            "saved_blocks": blocks_of(self.actor),
            "add_section": "" if block is not None else insertion("", END),
            "uses": places_with_block(block) if block is not None else [],
            "head": LetterHeadForm(draft=draft),
            "fields": field_choices(self.actor.pk),
            "keys": KEYS,
            "scripted": wants_fragment(self.request),  # no buttons that a script hides anyway
            "whole": True,
            **self.standing(draft),
            **more,
        }

    def standing(self, draft: MessageDraft) -> dict[str, Any]:
        """How far the draft is: its sequence, its head, and what can be taken back."""
        undo, redo = step_labels(draft)
        return {
            "draft": draft,
            "message": draft.message,
            "undo_label": words.act_label(undo) if undo else "",
            "redo_label": words.act_label(redo) if redo else "",
            "head_values": json.dumps(LetterHeadForm(draft=draft).initial),
        }

    def properties(self, draft: MessageDraft, node_id: str, form: Any = None) -> dict[str, Any]:
        """What is shown of a selected part; nothing when there is none."""
        place = places.find(draft.document or {}, node_id)
        if place is None:
            return {}
        kind = places.kind_of(place.node)
        return {
            "part_form": form or self.form_of(draft, node_id),
            "part_id": node_id,
            "part_kind": kind,
            "part_label": words.KINDS[kind],
            "part_saved": self._saved(place.node) if kind == "saved" else None,
            "part_way": words_of_way(draft.document or {}, place.parent),
            "part_duplicate": json.dumps({"op": "duplicate", "id": node_id}),
            "part_remove": json.dumps({"op": "remove", "id": node_id}),
        }

    def _saved(self, node: places.Node) -> SavedBlock | None:
        """The saved block that a part is, with how many messages have it."""
        rows = SavedBlock.objects.editable_by(self.actor).filter(pk=node["block"])
        return rows.annotate(used=used_in()).first()

    def selected(self, draft: MessageDraft) -> dict[str, Any]:
        """The form that a page has beside the canvas, as the draft is now; nothing when it is gone.

        A page that is behind would write back with it what others have changed meanwhile.
        """
        shown = self.request.POST.get("selected") or self.kwargs.get("node", "")
        if shown == "theme":
            return {"theme_form": self.theme_form(draft)}
        return self.properties(draft, shown)

    def after(self, request: HttpRequest, applied: Applied, **more: Any) -> HttpResponse:
        """What has changed for a script, and no more; for a plain form the page at the part."""
        draft = applied.draft
        if not wants_fragment(request):
            return self.page_at(applied.focus)
        draft = draft if draft.pk else draft_for(cast(Message, draft.message), self.author)
        changed = changed_fragments(applied)
        shown = self.context(draft) if "whole" in changed else self.standing(draft)
        context = {**shown, "focus": applied.focus, **changed, **more}
        if not more.get("keep_properties"):
            focus = applied.focus
            context |= self.properties(draft, focus) if focus else self.selected(draft)
        elif request.POST.get("selected") == applied.focus:
            context["part_way"] = self.way_to(draft, applied.focus)
        return render(request, "messages/letter/fragments.html", context)

    def way_to(self, draft: MessageDraft, node_id: str) -> str:
        """Where a part lies, in words."""
        place = places.find(draft.document or {}, node_id)
        return words_of_way(draft.document or {}, place.parent) if place is not None else ""

    def page_at(self, node_id: str) -> HttpResponse:
        """Leads to the part on the page."""
        url = reverse("messages:edit", args=[self.kwargs["pk"]])
        return redirect(f"{url}#part-{node_id}" if node_id else url)

    def refused(self, request: HttpRequest, message: Message, refusal: DomainError) -> HttpResponse:
        """Why nothing was done, with the message as it is now: 409 when it has moved, else 422."""
        draft = draft_for(message, self.author)
        status = 409 if isinstance(refusal, DraftMoved) else 422
        why = {"refusal": refusal_text(refusal), "code": refusal.code}
        if status == 422 and wants_fragment(request):  # the page shows the draft as it is
            context = {**self.standing(draft), **why, "keep_properties": True}
            return render(request, "messages/letter/fragments.html", context, status=status)
        fresh = self.selected(draft) if status == 409 else {}
        changed = {"canvas": {"reload": True}}
        context = self.context(draft, fresh_properties=bool(fresh), changed=changed, **why, **fresh)
        template = "fragments" if wants_fragment(request) else "edit"
        return render(request, f"messages/letter/{template}.html", context, status=status)


def posted_act(posted: Mapping[str, str], raw: Any) -> dict[str, Any]:
    """An act as a form or a script sends it; of an insertion the kind is in a field of its own."""
    act = dict(raw) if isinstance(raw, dict) else {}
    if act.get("op") == "insert" and "type" not in act and "node" not in act:
        kind, _colon, layout = posted.get(f"kind-{act.get('parent', '')}", "").partition(":")
        act |= {"type": kind, "layout": layout or "1"}
    return act
