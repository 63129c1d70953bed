"""A message of blocks as its recipients will see it, in several ways."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from apps.core.text.languages import language_name
from apps.mailings.models import MessageDraft
from apps.mailings.selectors.messages import shown_sample
from apps.mailings.services.languages.translations import translations_of, written_in
from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.services.letters.previews import inbox_line, terms_of
from apps.mailings.views.letters.base import LetterMixin
from apps.mailings.views.previews import held_in, language_shown

#: The ways to look at a message.
VIEWS: Final = {
    "desktop": _("Desktop"),
    "phone": _("Phone"),
    "dark": _("Dark"),
    "dark_forced": _("Dark, colors inverted"),
    "images_off": _("Images off"),
    "text": _("Plain text"),
    "source": _("HTML source"),
}


class LetterLook(LetterMixin, View):
    """The draft in a frame, and the links to the other ways to look at it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.letter()
        draft = draft_for(message, self.author)
        params = request.GET
        chosen, query = params.get("view", ""), params.get("recipient", "")[:254]
        sample, holds = shown_sample(message, query), held_in(params)
        languages = self.languages(draft)
        language = params.get("language", "")
        language = language if language in dict(languages) else ""
        shown = written_in(draft, language_shown(params, draft, sample))
        kept: list[tuple[str, str]] = [("recipient", query), ("language", language)]
        if holds is not None:
            kept += [("ticked", "1"), *(("holds", one) for one in holds)]
        context = {
            "message": draft.message,
            "draft": draft,
            "views": VIEWS.items(),
            "view": chosen if chosen in VIEWS else "desktop",
            "languages": languages,
            "language": language,
            "recipient": query,
            "sample": sample,
            "inbox": inbox_line(shown, sample),
            "terms": terms_of(draft, sample, holds, timezone.now()),
            "ticked": holds is not None,
            "kept": urlencode(kept),
        }
        return render(request, "messages/letter/look.html", context)

    def languages(self, draft: MessageDraft) -> list[tuple[str, str]]:
        """The languages that may be chosen; none where there is nothing to choose."""
        codes = [code for code in translations_of(draft) if code != draft.language]
        named = [(code, capfirst(language_name(code))) for code in codes]
        own = capfirst(language_name(draft.language))
        return [(draft.language, own), *named] if named and draft.language else named
