"""The page of a message of blocks: its outline, its head, and Save."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.errors import ContentRefused, Refused
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.head import LetterHeadForm
from apps.mailings.gallery.reading import CATEGORIES, LANGUAGES, template, templates
from apps.mailings.models import Message, MessageDraft, MessageTemplate
from apps.mailings.models.content import CONTENT_FIELDS, Form
from apps.mailings.selectors.letters.brand import was_asked
from apps.mailings.selectors.letters.templates import templates_to_begin_from
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.draft_operations import DraftMoved, draft_for
from apps.mailings.services.letters.reuse.originals import level
from apps.mailings.services.letters.reuse.templates import TemplateForbidden, begin_from_template
from apps.mailings.services.letters.saving import go_on_over, problems_of, save_letter
from apps.mailings.services.letters.sources.from_gallery import begin_from_gallery
from apps.mailings.services.messages import MessageChanged
from apps.mailings.views.letters.base import LetterMixin
from apps.mailings.views.messages import MessageCreate, MessageEdit
from apps.users.models import User

#: Templates that the page of a new message shows.
_OWN: Final = 24


class LetterEdit(LoggingMixin, LetterMixin, View):
    """Shows the draft, or the message as it is saved; POST makes the draft a version."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = level(self.letter())
        draft = draft_for(message, self.author)
        if draft.base_revision != message.revision and not self._same(message, draft):
            return self._both(request, message, status=200)
        selected = self.properties(draft, request.GET.get("part", ""))
        return render(request, "messages/letter/edit.html", self.context(draft, **selected))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message, base = self.letter(), self.writer(self.letter()).base_revision
        draft = draft_for(message, self.author)
        if request.POST.get("then") == "write":
            if base == message.revision:
                go_on_over(draft, base)
            return redirect("messages:edit", pk=message.pk)
        head = LetterHeadForm(request.POST, draft=draft)
        if not head.is_valid():
            return self._again(request, message, head)
        try:
            writer = self.writer(message)
            acts = head.acts()
            draft = draft_operations.act(writer, acts, now=timezone.now()).draft
            draft = draft if draft.pk else draft_for(message, self.author)
            save_letter(draft=draft, author=self.author, base_revision=base)
        except (DraftMoved, ContentRefused, TemplateForbidden) as refusal:
            return self.refused(request, message, refusal)
        except MessageChanged:
            return self._both(request, message)
        except ValidationError as error:
            return self._again(request, message, head, problems_of(error))
        flash.success(request, _("Saved."))
        if request.POST.get("then") == "mailing":
            return redirect(f"{reverse('mailings:create')}?message={message.pk}")
        return redirect("messages:detail", pk=message.pk)

    def _again(
        self,
        request: HttpRequest,
        message: Message,
        head: LetterHeadForm,
        problems: list[str] | None = None,
    ) -> HttpResponse:
        context = self.context(draft_for(message, self.author), problems=problems or [])
        return render(request, "messages/letter/edit.html", {**context, "head": head})

    def _same(self, message: Message, draft: MessageDraft) -> bool:
        same = all(getattr(message, name) == getattr(draft, name) for name in CONTENT_FIELDS)
        return same and translations_of(message) == translations_of(draft)

    def _both(self, request: HttpRequest, message: Message, status: int = 409) -> HttpResponse:
        """Two have written: show both, and lose neither."""
        saved = level(Message.objects.get(pk=message.pk))
        draft = draft_for(message, self.author)
        if self._same(saved, draft):
            return redirect("messages:detail", pk=message.pk)
        context = {"saved": saved, "draft": draft, "message": saved}
        return render(request, "messages/letter/conflict.html", context, status=status)


class MessageEditor(OwnerFilterMixin, View):
    """The editor that fits the message: of blocks, or of a text and HTML."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown(request, pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown(request, pk)

    def _shown(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(Message.objects.filter(archived_at=None), pk=pk)
        view: Any = LetterEdit if found.form == Form.BLOCKS else MessageEdit
        return cast(HttpResponse, view.as_view()(request, pk=pk))


class Thumbnail(HtmxLoginRequiredMixin, View):
    """The picture of a letter of the gallery."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        found = template(slug)
        if found is None:
            raise Http404
        response = HttpResponse(found.thumbnail.read_bytes(), content_type="image/webp")
        patch_cache_control(response, private=True, max_age=86_400)
        return response


class MessageNew(LoggingMixin, OwnerFilterMixin, View):
    """What a message may begin as. ``?form=text`` and ``?form=html`` show the editor of those.

    POST makes a message: of blocks at once, one of another form as it was written.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        written = request.GET.get("form") in (Form.TEXT, Form.HTML)
        if written or {"draft", "typed"} & request.GET.keys():
            return self._written(request)
        language = self._language()
        gallery = [
            {
                "slug": one.slug,
                "texts": one.texts[language],
                "category": CATEGORIES[one.category],
            }
            for one in templates()
        ]
        context = {
            "gallery": gallery,
            "own": templates_to_begin_from(self.actor)[:_OWN],
            "ask_brand": not was_asked(self.actor.pk),
        }
        return render(request, "messages/new.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("form") != Form.BLOCKS:
            return self._written(request)
        author, slug = cast(User, request.user), request.POST.get("template", "")
        if "own" in request.POST:
            return self._from_own(author, row_id(request.POST["own"]) or 0)
        if not slug:
            language = (get_language() or "").partition("-")[0]
            return redirect("messages:edit", pk=begin_letter(author=author, language=language).pk)
        found = template(slug)
        if found is None:
            raise Http404
        language = self._language()
        return self._begun(
            partial(begin_from_gallery, author=author, template=found, language=language)
        )

    def _from_own(self, author: User, pk: int) -> HttpResponse:
        rows = templates_to_begin_from(author).defer(None)
        own = cast(MessageTemplate, self.visible_or_404(rows, pk=pk))
        return self._begun(partial(begin_from_template, author=author, template=own))

    def _begun(self, begin: Callable[[], Message]) -> HttpResponse:
        """The editor of the new message, or why there is none."""
        try:
            message = begin()
        except Refused as refusal:
            flash.error(self.request, refusal_text(refusal))
            return redirect("messages:create")
        return redirect("messages:edit", pk=message.pk)

    def _language(self) -> str:
        language = (get_language() or "").partition("-")[0]
        return language if language in LANGUAGES else LANGUAGES[-1]

    def _written(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, MessageCreate.as_view()(request))
