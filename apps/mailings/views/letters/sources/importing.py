"""A letter of another tool: opened, looked at, and made into a draft."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy
from django.views.generic import View

from apps.core.errors import ContentRefused, Refused
from apps.core.http.costly import Busy, CostlyMixin
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin
from apps.core.resources import DiskFull
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.importing import OpenForm, WishesForm
from apps.mailings.importing.letters.errors import LetterRefused
from apps.mailings.importing.letters.merge_tags import tags_in
from apps.mailings.models.content import Form
from apps.mailings.selectors.messages import field_choices
from apps.mailings.services.letters.sources.converting import DraftUnsaved
from apps.mailings.services.letters.sources.importing import (
    ImportedLetter,
    OpenedLetter,
    Wishes,
    begin_imported,
    has_new_draft,
    import_letter,
    known_names,
    open_letter,
)
from apps.mailings.views.letters.sources.converting import left_out_of, summary_of
from apps.users.models import User

#: What is said of what was dropped, by its kind.
_DROPPED: Final = {
    "scripts": ngettext_lazy("%(count)d script", "%(count)d scripts", "count"),
    "forms": ngettext_lazy("%(count)d form field", "%(count)d form fields", "count"),
    "embedded": ngettext_lazy("%(count)d embedded part", "%(count)d embedded parts", "count"),
    "styles": ngettext_lazy(
        "%(count)d remote style sheet or font", "%(count)d remote style sheets or fonts", "count"
    ),
    "attachments": ngettext_lazy("%(count)d attachment", "%(count)d attachments", "count"),
    "pages": ngettext_lazy("%(count)d other page", "%(count)d other pages", "count"),
    "pictures": ngettext_lazy("%(count)d image", "%(count)d images", "count"),
}


class _Import(LoggingMixin, CostlyMixin, HtmxLoginRequiredMixin, View):
    @property
    def author(self) -> User:
        return cast(User, self.request.user)

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def check_page(
        self, form: WishesForm, *, opened: OpenedLetter | None = None, status: int = 200
    ) -> HttpResponse:
        """What was found in the letter, and what it may become."""
        context = {
            "form": form,
            "opened": opened,
            "dropped": dropped_of(opened.found.left_out) if opened is not None else [],
            "new_draft": has_new_draft(self.author),
        }
        return render(self.request, "messages/import_check.html", context, status=status)


class LetterOpen(_Import):
    """Takes a file or a source, and shows what was found in it."""

    only_shows = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "messages/import.html", {"form": OpenForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OpenForm(request.POST, request.FILES)
        if form.is_valid():
            content, name = form.source()
            try:
                opened = open_letter(owner=self.author, content=content, name=name)
            except (LetterRefused, Busy, DiskFull) as refusal:
                form.add_error("file" if name else "html", refusal_text(refusal))
            else:
                initial = {
                    "source": opened.html,
                    "subject": opened.found.subject,
                    "name": name.rpartition(".")[0][:200],
                }
                wishes = WishesForm(
                    initial=initial,
                    tags=opened.tags,
                    fields=field_choices(self.author.pk),
                    remote=len(opened.found.remote),
                )
                return self.check_page(wishes, opened=opened)
        return render(request, "messages/import.html", {"form": form}, status=422)


class LetterImport(_Import):
    """Makes a draft of an opened letter."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        source = f"{request.POST.get('subject', '')}\n{request.POST.get('source', '')}"
        form = WishesForm(
            request.POST,
            tags=tags_in(source[:1_000_000], known_names(self.author)),
            fields=field_choices(self.author.pk),
            remote=1,
        )
        if not form.is_valid():
            return self.check_page(form, status=422)
        try:
            imported = self._imported(form)
            message = begin_imported(
                author=self.author,
                imported=imported,
                name=form.cleaned_data["name"],
                replace=form.cleaned_data["replace"],
            )
        except (LetterRefused, ContentRefused, DraftUnsaved, Busy, DiskFull) as refusal:
            field = "replace" if isinstance(refusal, DraftUnsaved) else None
            form.add_error(field, refusal_text(cast(Refused, refusal)))
            return self.check_page(form, status=422)
        for level, text in report_of(imported):
            flash.add_message(request, level, text)
        if message is not None:
            return redirect("messages:edit", pk=message.pk)
        return redirect(f"{reverse('messages:create')}?form=html&draft=1")

    def _imported(self, form: WishesForm) -> ImportedLetter:
        given = form.cleaned_data
        return import_letter(
            owner=self.author,
            html=given["source"],
            subject=given["subject"],
            wishes=Wishes(Form(given["form"] or Form.BLOCKS), form.choices(), given["fetch"]),
        )


def dropped_of(left_out: dict[str, int]) -> list[str]:
    """What was dropped, in words."""
    return [
        str(_DROPPED[kind] % {"count": count})
        for kind, count in sorted(left_out.items())
        if kind in _DROPPED
    ]


def report_of(imported: ImportedLetter) -> list[tuple[int, str]]:
    """What is said of an import, sentence by sentence, each with its level."""
    said = [(flash.SUCCESS, _("Imported as a draft. Check it and save it."))]
    if imported.form == Form.BLOCKS:
        said.append((flash.INFO, summary_of(imported.report)))
    parts = left_out_of(imported.report)
    if imported.commands:
        text = ngettext("%(count)d command", "%(count)d commands", imported.commands)
        parts.append(text % {"count": imported.commands})
    if parts:
        said.append((flash.INFO, _("Left out: %(parts)s.") % {"parts": ", ".join(parts)}))
    for name, reason in imported.refused[:5]:
        said.append((flash.WARNING, f"{name}: {reason}"))
    return said
