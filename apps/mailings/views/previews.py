"""A message in a frame: filled in, cleaned, and shut off from the page around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import View

from apps.core.content.editor_html import stored_html
from apps.core.content.preview import Preview, preview
from apps.core.content.sheet import on_a_sheet
from apps.core.errors import DomainError
from apps.core.mixins import OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.messages import MessageForm
from apps.mailings.models import Message, MessageVersion, Recipient
from apps.mailings.models.content import Form
from apps.mailings.run_content import language_for
from apps.mailings.selectors.messages import (
    fields_shown,
    sample_fields,
    shown_messages,
    shown_sample,
)
from apps.mailings.services.languages.translations import Written, translations_of, written_in
from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.services.letters.previews import shown_to
from apps.mailings.services.letters.sms_cost import costs_of_text
from apps.mailings.services.messages import keep_draft
from apps.users.models import User

#: What a previewed message may do: show pictures and its own styles. No script, no form, no origin.
FRAMED = {
    "default-src": [NONE],
    "img-src": [SELF, "data:", "https:"],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups"],
}


#: Tags and segments that a preview may be asked to take for held.
_MOST_HELD: Final = 62


def held_in(params: QueryDict) -> list[str] | None:
    """The tags and segments that were ticked; None when the recipient's own are shown."""
    return params.getlist("holds")[:_MOST_HELD] if "ticked" in params else None


def language_shown(params: QueryDict, written: Written, sample: Recipient) -> str:
    """The language asked for; else that of the recipient asked for; else the message's own."""
    asked = params.get("language", "")[:10]
    if asked or not params.get("recipient", "").strip():
        return asked or written.language
    known = [written.language, *translations_of(written)]
    return language_for(sample.language, known) or written.language


@method_decorator([xframe_options_sameorigin, csp(FRAMED)], name="dispatch")
class Frame(OwnerFilterMixin, View):
    """Shows a message filled in, or why it cannot be."""

    def show(self, subject: str, text: str, html: str, fields: Mapping[str, str]) -> HttpResponse:
        return self.framed(lambda: preview(subject, text, html, fields), counts_parts=True)

    def framed(
        self, previewed: Callable[[], Preview], *, counts_parts: bool = False
    ) -> HttpResponse:
        """The preview, or why there is none. ``counts_parts``: with its parts as a text message."""
        context: dict[str, Any] = {}
        try:
            context["preview"] = shown = previewed()
            context["texts"] = costs_of_text(shown.text, self.actor) if counts_parts else []
        except DomainError as refusal:
            context["refusal"] = refusal_text(refusal)
        return render(self.request, "messages/frame.html", context)

    def show_letter(self, written: Written, message: Message) -> HttpResponse:
        """A message of blocks in one of its views, or why it cannot be shown."""
        context: dict[str, Any] = {}
        params = self.request.GET
        sample = shown_sample(message, params.get("recipient", "")[:254])
        try:
            view, holds = params.get("view", ""), held_in(params)
            asked = written_in(written, language_shown(params, written, sample))
            shown = shown_to(asked, sample, view, now=timezone.now(), holds=holds)
            counted = view == "text" and bool(shown.text)
            context["shown"] = shown
            context["texts"] = costs_of_text(shown.text, self.actor) if counted else []
        except DomainError as refusal:
            context["refusal"] = refusal_text(refusal)
        return render(self.request, "messages/letter/frame.html", context)

    def show_source(self, written: Message | MessageVersion, message: Message) -> HttpResponse:
        """A text or HTML in the language asked for, filled in."""
        sample = shown_sample(message, self.request.GET.get("recipient", "")[:254])
        shown = written_in(written, language_shown(self.request.GET, written, sample))
        return self.show(shown.subject, shown.text, shown.html, fields_shown(sample))

    def sample(self, message: Message) -> Mapping[str, str]:
        """The fields of the recipient asked for, or of the one who fills most of them."""
        params = self.request.POST if self.request.method == "POST" else self.request.GET
        return sample_fields(message, params.get("recipient", "")[:254])


class SavedFrame(Frame):
    """The message as it is saved; ``?draft=1``: the viewer's own draft of one made of blocks."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.visible_or_404(shown_messages(), pk=pk)
        if message.form == Form.BLOCKS:
            is_own = message.owner_id == self.actor.pk and "draft" in request.GET
            written = draft_for(message, cast(User, request.user)) if is_own else message
            return self.show_letter(written, message)
        return self.show_source(message, message)


class VersionFrame(Frame):
    """The message as it was in one of its versions."""

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        rows = MessageVersion.objects.select_related("message")
        version = self.visible_or_404(rows, message_id=pk, number=number)
        content = cast(MessageVersion, version)
        if content.form == Form.BLOCKS:
            return self.show_letter(content, content.message)
        return self.show_source(content, content.message)


class TypedFrame(Frame):
    """What has just been typed. It is kept as a draft, so that nothing typed is ever lost."""

    only_shows = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        content = {name: request.POST.get(name, "")[:500_000] for name in MessageForm.Meta.fields}
        content["html"] = stored_html(content["html"])
        self._keep(content)
        del content["preheader"]  # nobody sees it in the message
        content["html"] = on_a_sheet(content["html"])
        shown = Message(owner_id=self.actor.pk, **content)
        return self.show(**content, fields=self.sample(shown))

    def _keep(self, content: dict[str, str]) -> None:
        number, base = (self._number(name) for name in ("message", "base_revision"))
        message: Message | None = None
        if number:
            message = self.editable_or_403(Message.objects.filter(archived_at=None), pk=number)
        if any(content.values()):
            author = cast(User, self.request.user)
            keep_draft(message=message, author=author, base_revision=base, content=content)

    def _number(self, name: str) -> int:
        word = self.request.POST.get(name, "")
        return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0
