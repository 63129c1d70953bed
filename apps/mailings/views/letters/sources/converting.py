"""A message in its other form: what would become of it, and the act."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.generic import View

from apps.core.content.blocks.converting.gathering import Report
from apps.core.errors import ContentRefused, Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Message
from apps.mailings.models.content import Form
from apps.mailings.services.letters.saving import problems_of
from apps.mailings.services.letters.sources.converting import (
    DraftUnsaved,
    conversion_of,
    convert,
    has_unsaved,
    other_form,
)
from apps.mailings.services.messages import MessageChanged
from apps.mailings.views.previews import Frame
from apps.users.models import User

#: What is said of what is left out, by its kind.
_LEFT_OUT: Final = {
    "hidden": ngettext_lazy("%(count)d hidden part", "%(count)d hidden parts", "count"),
    "pixel": ngettext_lazy(
        "%(count)d image that nobody sees", "%(count)d images that nobody sees", "count"
    ),
    "picture": ngettext_lazy(
        "%(count)d image without a web address", "%(count)d images without a web address", "count"
    ),
}
_DONE: Final = {
    Form.BLOCKS: gettext_lazy("Converted to blocks. The previous version is in the history."),
    Form.HTML: gettext_lazy("Converted to HTML. The previous version is in the history."),
}


def summary_of(report: Report) -> str:
    """“12 blocks, 2 of them kept as HTML.”"""
    made = ngettext("%(count)d block", "%(count)d blocks", report.blocks) % {"count": report.blocks}
    if not report.kept:
        return f"{made}."
    kept = ngettext(
        "%(count)d of them kept as HTML", "%(count)d of them kept as HTML", report.kept
    ) % {"count": report.kept}
    return f"{made}, {kept}."


def left_out_of(report: Report) -> list[str]:
    """What was not taken over, in words."""
    return [
        str(_LEFT_OUT[kind] % {"count": count})
        for kind, count in sorted(report.left_out.items())
        if kind in _LEFT_OUT
    ]


class MessageConvert(LoggingMixin, OwnerFilterMixin, CostlyMixin, View):
    """Shows what the other form would be; POST makes it the newest version."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, self._message(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message, author = self._message(pk), cast(User, request.user)
        base = row_id(request.POST.get("base_revision", "")) or message.revision
        form = other_form(message)
        try:
            convert(message=message, author=author, base_revision=base)
        except (ContentRefused, DraftUnsaved, MessageChanged) as refusal:
            status = 409 if isinstance(refusal, MessageChanged) else 422
            return self._page(request, self._message(pk), refusal, status)
        except ValidationError as error:
            return self._page(request, self._message(pk), problems=problems_of(error), status=422)
        flash.success(request, _DONE[form])
        return redirect("messages:edit" if form == Form.BLOCKS else "messages:detail", pk=pk)

    def _message(self, pk: int) -> Message:
        return self.editable_or_403(Message.objects.filter(archived_at=None), pk=pk)

    def _page(
        self,
        request: HttpRequest,
        message: Message,
        refusal: Refused | None = None,
        status: int = 200,
        problems: list[str] | None = None,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "message": message,
            "to_blocks": other_form(message) == Form.BLOCKS,
            "unsaved": has_unsaved(message, cast(User, request.user)),
            "problems": [*([refusal_text(refusal)] if refusal else []), *(problems or [])],
        }
        try:
            found = conversion_of(message)
        except ContentRefused as impossible:
            context["impossible"] = refusal_text(impossible)
        else:
            if found.report is not None:
                context["summary"] = summary_of(found.report)
                context["left_out"] = left_out_of(found.report)
        return render(request, "messages/convert.html", context, status=status)


class ConvertedFrame(CostlyMixin, Frame):
    """The message as it would be in its other form."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.editable_or_403(Message.objects.filter(archived_at=None), pk=pk)
        try:
            found = conversion_of(message)
        except ContentRefused as refusal:
            context = {"refusal": refusal_text(refusal)}
            return render(request, "messages/frame.html", context)
        shown = found.applied_to(Message(owner_id=message.owner_id))
        if found.form == Form.BLOCKS:
            return self.show_letter(shown, message)
        return self.show(shown.subject, shown.text, shown.html, self.sample(message))
