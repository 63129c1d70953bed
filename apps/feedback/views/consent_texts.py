"""An owner's consent texts: the wordings that people tick on forms."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.mailings.forms.permission.signup_forms import ConsentTextForm, languages
from apps.mailings.models import ConsentText
from apps.mailings.services.permission.forms import current_texts, save_consent_text
from apps.users.models import User


class ConsentTexts(OwnerFilterMixin, TemplateView):
    """One's own consent texts with their newest wordings."""

    template_name = "forms/texts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = dict(languages())
        found = [
            (
                key,
                max(row.version for row in rows.values()),
                [(names[code], row) for code, row in rows.items() if code in names],
            )
            for key, rows in current_texts(self.actor.pk).items()
        ]
        return super().get_context_data(texts=found, **kwargs)


class _TextForm(LoggingMixin, OwnerFilterMixin, FormView[ConsentTextForm]):
    template_name = "forms/text.html"
    form_class = ConsentTextForm

    def known(self) -> dict[str, ConsentText]:
        return {}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "texts": self.known()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        heading = self.kwargs.get("key") or _("New consent text")
        return super().get_context_data(heading=heading, back_url=reverse("forms:texts"), **kwargs)

    def form_valid(self, form: ConsentTextForm) -> HttpResponse:
        owner, key = cast(User, self.request.user), form.cleaned_data["key"]
        try:
            save_consent_text(owner=owner, key=key, texts=form.wordings())
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.form_invalid(form)
        messages.success(self.request, _("Saved. Publish the forms that should show it."))
        return redirect("forms:texts")


class ConsentTextCreate(_TextForm):
    """A new consent text."""


class ConsentTextEdit(_TextForm):
    """The next version of a consent text; what was shown before stays as it was."""

    def known(self) -> dict[str, ConsentText]:
        found = current_texts(self.actor.pk).get(self.kwargs["key"])
        if found is None:
            raise Http404
        return found
