"""The languages of a message: which there are, and each beside the message's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.content.blocks.errors import DocumentInvalid
from apps.core.content.translation import standings
from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.core.text.languages import language_name
from apps.mailings.forms.letters.offers import offers_of
from apps.mailings.forms.letters.translation_form import TranslationForm
from apps.mailings.models import Message, MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.selectors.letters.saved_blocks import blocks_lacking
from apps.mailings.services.languages.translations import languages_of, translations_of
from apps.mailings.services.letters import translating
from apps.mailings.services.letters.draft_operations import DraftMoved, Writer
from apps.mailings.services.letters.saving import problems_of
from apps.mailings.services.messages import MessageChanged
from apps.users.models import User

#: Another tab has changed what the page was made from.
_BEHIND = (DraftMoved, MessageChanged)


class _TranslationPage(LoggingMixin, OwnerFilterMixin, View):
    """One's own message of any form, and who writes it."""

    @property
    def author(self) -> User:
        return cast(User, self.request.user)

    def message(self) -> Message:
        rows = Message.objects.filter(archived_at=None)
        return self.editable_or_403(rows, pk=self.kwargs["pk"])

    def writer(self, message: Message) -> Writer:
        posted = self.request.POST
        return Writer(
            author=self.author,
            message=message,
            sequence=row_id(posted.get("sequence", "")) or 0,
            base_revision=row_id(posted.get("base_revision", "")) or 0,
        )

    def context(self, message: Message, written: Message | MessageDraft) -> dict[str, Any]:
        """What every page shows of the message as its writer sees it."""
        is_draft = isinstance(written, MessageDraft)
        base = written.base_revision if isinstance(written, MessageDraft) else message.revision
        return {
            "message": message,
            "written": written,
            "own": capfirst(language_name(written.language)) if written.language else "",
            "sequence": written.sequence if isinstance(written, MessageDraft) else 0,
            "base_revision": base,
            "has_draft": is_draft and written.pk is not None,
        }


class Translations(_TranslationPage):
    """The languages of a message, and how complete each is. POST begins another one."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown(self.message())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message, posted = self.message(), request.POST
        code = posted.get("language", "")[:40]
        own = "" if message.language else posted.get("own", "")[:40]
        try:
            translating.add_language(self.writer(message), code, own=own, now=timezone.now())
        except Refused as refusal:
            status = 409 if isinstance(refusal, _BEHIND) else 422
            return self._shown(message, [refusal_text(refusal)], status=status)
        except ValidationError as error:
            return self._shown(message, problems_of(error), status=422)
        return redirect("messages:translations", pk=pk)

    def _shown(
        self, message: Message, problems: list[str] | None = None, *, status: int = 200
    ) -> HttpResponse:
        written = translating.written_by(message, self.author)
        context = {
            **self.context(message, written),
            "languages": languages_of(written),
            "problems": problems or [],
            "typed": self.request.POST,
        }
        return render(self.request, "messages/translations/list.html", context, status=status)


class Translation(_TranslationPage):
    """A language beside the message's own, text by text."""

    def get(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        message = self.message()
        written = translating.written_by(message, self.author)
        return self._shown(message, written, self._form(written))

    def post(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        message = self.message()
        written = translating.written_by(message, self.author)
        form = self._form(written, request.POST)
        if not form.is_valid():
            return self._shown(message, written, form, status=422)
        posted = request.POST
        same = posted.getlist("same")
        if which := posted.get("alike", ""):
            same += form.alike(which)
        texts = form.texts(keep=posted.getlist("keep"), same=same)
        if texts and (answer := self._refused(message, form, texts)) is not None:
            return answer
        flash.success(request, _("Saved."))
        url = reverse("messages:translation", args=[pk, language])
        at = posted.get("same", "")
        return redirect(f"{url}#text-{at}" if at in form.fields else url)

    def _refused(
        self, message: Message, form: TranslationForm, texts: Mapping[str, str]
    ) -> HttpResponse | None:
        """Save the texts. Returns what is shown where that cannot be, with all that was typed."""
        code, status = self.kwargs["language"], 422
        try:
            translating.translate(self.writer(message), code, texts, now=timezone.now())
            return None
        except DocumentInvalid as invalid:
            key = ".".join(filter(None, (invalid.node, invalid.field)))
            form.add_error(key if key in form.fields else None, refusal_text(invalid))
        except ValidationError as error:
            form.add_error(None, problems_of(error))
        except Refused as refusal:
            status = 409 if isinstance(refusal, _BEHIND) else 422
            form.add_error(None, refusal_text(refusal))
        fresh = self.message()
        written = translating.written_by(fresh, self.author)
        again = self._form(written, self.request.POST)
        again.is_valid()
        for key, errors in form.errors.items():
            again.add_error(key if key in again.fields else None, list(errors))
        return self._shown(fresh, written, again, status=status)

    def _form(self, written: Message | MessageDraft, data: Any = None) -> TranslationForm:
        """The form of this language. Http404 when the message is not written in it."""
        code = self.kwargs["language"]
        entries = translations_of(written).get(code)
        if entries is None:
            raise Http404
        content = content_of(written)
        return TranslationForm(
            data,
            standings=standings(content, entries),
            document=written.document,
            language=code,
            offers=offers_of(self.author),
        )

    def _shown(
        self,
        message: Message,
        written: Message | MessageDraft,
        form: TranslationForm,
        *,
        status: int = 200,
    ) -> HttpResponse:
        code = self.kwargs["language"]
        rows = form.rows()
        missing = [row for row in rows if row.state == "missing"]
        context = {
            **self.context(message, written),
            "form": form,
            "rows": rows,
            "missing": missing,
            "stale": [row for row in rows if row.state == "stale"],
            "alike": form.alike("links"),
            "lacking": blocks_lacking(content_of(written), message.owner_id, code),
            "code": code,
            "name": capfirst(language_name(code)),
        }
        return render(self.request, "messages/translations/language.html", context, status=status)


class TranslationRemove(_TranslationPage):
    """Asks, and removes a translation."""

    def get(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        return self._asked(self.message())

    def post(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        message = self.message()
        written = translating.written_by(message, self.author)
        if language not in translations_of(written):
            raise Http404
        base = self.context(message, written)
        writer = Writer(self.author, message, base["sequence"], base["base_revision"])
        try:
            translating.drop_language(writer, language, now=timezone.now())
        except Refused as refusal:
            flash.error(request, refusal_text(refusal))
        except ValidationError as error:
            flash.error(request, " ".join(problems_of(error)))
        else:
            flash.success(request, _("Translation removed."))
        return redirect("messages:translations", pk=pk)

    def _asked(self, message: Message) -> HttpResponse:
        code = self.kwargs["language"]
        if code not in translations_of(translating.written_by(message, self.author)):
            raise Http404
        context = {"message": message, "name": capfirst(language_name(code))}
        return render(self.request, "messages/translations/remove.html", context)
