"""The form by which an owner makes a sign-up form, and that of a consent text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.forms import RowsField, VersionedForm
from apps.mailings.forms.senders import SenderChoice
from apps.mailings.models import Channel, ConsentText, MailingList, SignupForm
from apps.mailings.sending_accounts import account_choices, default_account
from apps.mailings.services.permission.forms import (
    LONGEST_CONSENT,
    NAME,
    TEXTS,
    current_texts,
    public_attributes,
)

_LABELS: Final = {
    "title": _("Heading"),
    "intro": _("Text above the fields"),
    "button": _("Button"),
    "thanks": _("After signing up"),
    "subject": _("Subject of the confirmation email"),
    "email": _("Text of the confirmation email"),
}
_LONG: Final = frozenset({"intro", "thanks", "email"})
_ASKED: Final = [
    ("", _("don’t ask")),
    ("ask", _("ask")),
    ("require", _("ask, required")),
]
_MOST_ORIGINS: Final = 20


def languages() -> list[tuple[str, str]]:
    """The languages of the site, each with its own name for itself."""
    names = ((code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES)
    return [(code, name.capitalize()) for code, name in names]


class SignupFormForm(SenderChoice, VersionedForm[SignupForm]):
    """All of a sign-up form. Each language has texts of its own; what is empty is said by us."""

    lists = RowsField(
        MailingList.objects.none(), label=_("Lists"), widget=forms.CheckboxSelectMultiple
    )
    shown_in = forms.MultipleChoiceField(
        label=_("Languages"), choices=languages, widget=forms.CheckboxSelectMultiple
    )
    consents = forms.MultipleChoiceField(
        label=_("Consent texts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each is a box of its own that people tick, never ticked in advance."),
    )
    sites = forms.CharField(
        label=_("Sites that embed it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://example.org"}),
        help_text=_("One per line. Empty: any site; nobody may show the page in a frame."),
    )

    class Meta:
        model = SignupForm
        fields = (
            *("title", "offered", "account", "sender", "expires_hours", "redirect_url"),
            *("proof", "disposable", "check_mx"),
        )
        field_classes = {"redirect_url": forms.CharField}
        widgets = {"redirect_url": forms.TextInput(attrs={"placeholder": "https://"})}
        help_texts = {
            "title": _("For you, and above the form where no other heading is written."),
            "redirect_url": _("Empty: a page of ours."),
            "proof": _("The browser works for part of a second. Robots pay, people don’t notice."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form = self.instance
        mine = MailingList.objects.filter(
            owner=self.owner, archived_at=None, visibility=MailingList.Visibility.PUBLIC
        )
        self.lists_field.queryset = mine
        self.fields["account"] = forms.ChoiceField(
            label=_("Sending account"), choices=account_choices(self.owner)
        )
        if form.pk is None:
            self.initial["account"] = default_account(Channel.EMAIL, self.owner)
        self.offer_senders()
        keys = [(key, key) for key in current_texts(self.owner.pk)]
        self.fields["consents"].choices = keys  # type: ignore[attr-defined]
        self._add_asked()
        self._add_texts()
        self.initial["consents"] = list(form.consent_texts)
        self.initial["sites"] = "\n".join(form.origins)
        self.initial["shown_in"] = sorted(form.texts) or [settings.LANGUAGE_CODE]
        if form.pk is not None:
            self.initial["lists"] = list(form.lists.all())

    @property
    def lists_field(self) -> RowsField[MailingList]:
        field = self.fields["lists"]
        assert isinstance(field, RowsField)
        return field

    def _add_asked(self) -> None:
        """A choice for the name and for each attribute that people may fill in."""
        asked = {one.get("name"): one.get("required") for one in self.instance.fields}
        named: list[tuple[str, Any]] = [(NAME, pgettext_lazy("person", "Name"))]
        named += [(row.name, row.label or row.name) for row in public_attributes(self.owner.pk)]
        for name, label in named:
            field = f"ask-{name}"
            self.fields[field] = forms.ChoiceField(label=label, choices=_ASKED, required=False)
            if name in asked:
                self.initial[field] = "require" if asked[name] else "ask"

    def _add_texts(self) -> None:
        for code, _name in languages():
            for name, longest in TEXTS.items():
                widget = forms.Textarea({"rows": 3}) if name in _LONG else forms.TextInput()
                self.fields[f"{code}-{name}"] = forms.CharField(
                    label=_LABELS[name], required=False, max_length=longest, widget=widget
                )
                self.initial[f"{code}-{name}"] = self.instance.texts.get(code, {}).get(name, "")

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields about fields."""
        return [self[name] for name in self.fields if name.startswith("ask-")]

    @property
    def texts(self) -> Iterator[tuple[str, list[forms.BoundField], bool]]:
        """Each language with its texts, and whether any of them is written."""
        for code, name in languages():
            fields = [self[f"{code}-{text}"] for text in TEXTS]
            yield name, fields, any(field.value() or field.errors for field in fields)

    def clean_sites(self) -> list[str]:
        found = []
        for line in self.cleaned_data["sites"].split():
            site = urlsplit(line.strip().rstrip("/"))
            if site.scheme not in ("https", "http") or not site.hostname or site.path or site.query:
                text = _("Write the address of a site, such as https://example.org: %(line)s")
                raise ValidationError(text, code="origin", params={"line": line[:60]})
            if any(sign in site.netloc for sign in "@;,'\"*"):
                text = _("Write the address of a site, such as https://example.org: %(line)s")
                raise ValidationError(text, code="origin", params={"line": line[:60]})
            found.append(f"{site.scheme}://{site.netloc.lower()}")
        return list(dict.fromkeys(found))[:_MOST_ORIGINS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        form = self.instance
        form.origins = cleaned.get("sites", [])
        form.consent_texts = cleaned.get("consents", [])
        form.fields = [
            {"name": name.removeprefix("ask-"), "required": cleaned.get(name) == "require"}
            for name in self.fields
            if name.startswith("ask-") and cleaned.get(name)
        ]
        form.texts = {
            code: {
                name: text for name in TEXTS if (text := cleaned.get(f"{code}-{name}", "").strip())
            }
            for code in cleaned.get("shown_in", [])
        }
        return cleaned


class ConsentTextForm(forms.Form):
    """A wording in each language. Saving makes the next version of those that changed."""

    key = forms.SlugField(
        label=_("Short name"),
        max_length=60,
        help_text=_("For you: letters, digits, hyphens. It stays the same for all versions."),
    )

    def __init__(self, *args: Any, texts: dict[str, ConsentText] | None = None, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.known = texts or {}
        for code, name in languages():
            row = self.known.get(code)
            self.fields[f"text-{code}"] = forms.CharField(
                label=name,
                required=False,
                max_length=LONGEST_CONSENT,
                initial=row.text if row else "",
                widget=forms.Textarea(attrs={"rows": 4}),
            )
        if self.known:
            self.fields["key"].disabled = True
            self.initial["key"] = next(iter(self.known.values())).key

    def wordings(self) -> dict[str, str]:
        """The texts by language."""
        return {code: self.cleaned_data[f"text-{code}"] for code, _name in languages()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"text-{code}", "").strip() for code, _name in languages()):
            raise ValidationError(_("Write the text in at least one language."), code="required")
        return cleaned
