"""Bringing in a list: where it comes from, and where its columns go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.paging import row_id
from apps.mailings.fields import RECIPIENT_FIELDS, SAYINGS, Target
from apps.mailings.forms.recipients import tag_names
from apps.mailings.importing.column_keys import key_of
from apps.mailings.importing.columns import AS_IT_IS, UNASKED, attribute_name
from apps.mailings.importing.files.encoding import ENCODINGS
from apps.mailings.importing.files.read_options import DELIMITERS, ReadOptions, delimiter_word
from apps.mailings.importing.profiles import Profile, mapping_of
from apps.mailings.models import RecipientImport
from apps.mailings.services.importing.files import FilePreview


def _fields() -> list[tuple[str, str]]:
    fields = [(one.target.value, capfirst(str(one.label))) for one in RECIPIENT_FIELDS]
    sayings = [(target.value, capfirst(str(label))) for target, label in SAYINGS.items()]
    return [("-", gettext("Don’t import")), *fields, *sayings]


class SourceForm(forms.Form):
    """A file, an address, or a source of ``.env`` by its name."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.FileInput(
            attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xls,.xlsb,.ods,.vcf,.html,.gz,.zip"}
        ),
    )
    url = forms.URLField(
        label=_("Or a URL"),
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(
            attrs={"class": "form-control", "placeholder": "https://example.com/clients.csv"}
        ),
    )

    source = forms.ChoiceField(
        label=_("Source"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, sources: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(forms.ChoiceField, self.fields["source"])
        choice.choices = [("", gettext("choose a source")), *((name, name) for name in sources)]
        self.fields["file"].help_text = _(
            "CSV, TSV, XLSX, XLS, ODS, vCard, also packed (.gz, .zip); up to %(most)d MB."
        ) % {"most": settings.IMPORT_MAX_MEGABYTES}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = [name for name in ("file", "url", "source") if cleaned.get(name)]
        if not self.errors and len(given) != 1:
            raise ValidationError(_("Choose a file or enter a URL."), code="source")
        return cleaned


class ReadingForm(forms.Form):
    """How the file is to be read, where the guess was wrong."""

    header_row = forms.IntegerField(
        label=_("Line of the header"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_("0: there is none. Empty: it is found."),
    )

    def __init__(
        self, *args: Any, preview: FilePreview, reading: ReadOptions, **kwargs: Any
    ) -> None:
        kwargs["initial"] = reading.kept()
        super().__init__(*args, **kwargs)
        if preview.sheets:
            names = [
                (name, _("%(name)s (hidden)") % {"name": name} if hidden else name)
                for name, hidden in preview.sheets
            ]
            self.fields["sheet"] = _choice(_("Sheet"), names, _("the first with people"))
            self.fields["filtered"] = forms.BooleanField(
                label=_("Hidden rows, too"), required=False
            )
        if preview.encoding:
            delimiters = [(sign, delimiter_word(sign)) for sign in DELIMITERS]
            self.fields["delimiter"] = _choice(_("Delimiter"), delimiters, _("find it"))
            encodings = [(name, name) for name in ENCODINGS]
            self.fields["encoding"] = _choice(_("Encoding"), encodings, _("find it"))

    def options(self) -> ReadOptions:
        """Raises NotATable for what cannot be."""
        return ReadOptions.of(self.cleaned_data)


def _choice(label: Any, choices: Sequence[tuple[str, Any]], empty: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", empty), *choices], required=False)


def chosen_before(found: RecipientImport, preview: FilePreview) -> dict[str, Any]:
    """What a person chose when this file was tried, or when its import failed."""
    places = range(len(preview.header))
    fields = {at: found.mapping[key_of(at)] for at in places if key_of(at) in found.mapping}
    chosen: dict[str, Any] = {
        f"column_{at}": field.removeprefix(UNASKED)
        for at, field in fields.items()
        if not (field.startswith(UNASKED) and at in preview.questions)
    }
    options = found.options
    return {
        **chosen,
        "tags": ", ".join(options.get("tags", ())),
        "update": bool(options.get("update")),
        "list": str(options.get("list") or ""),
        "statement": str(options.get("statement", "")),
    }


def offered_by(profile: Profile, preview: FilePreview) -> dict[str, Any]:
    """What the profile of another tool says of the columns, as the form has it."""
    mapping = mapping_of(profile, preview.header)
    own = preview.attributes
    as_attribute = Target.ATTRIBUTES_JSON.value
    return {
        f"column_{at}": own[at] if mapping[key_of(at)] == as_attribute else mapping[key_of(at)]
        for at in range(len(preview.header))
        if key_of(at) in mapping
    }


def _attribute(name: str, inside: str | None) -> str:
    """The attribute that a column is, or those that its JSON objects make."""
    if inside:
        return _("Fields: %(names)s") % {"names": inside}
    return _("Field: %(name)s") % {"name": name}


class MappingForm(forms.Form):
    """One select per column, as guessed, and what else is to be done."""

    tags = forms.CharField(
        label=_("Add tags to all"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas."),
    )
    list = forms.ChoiceField(label=_("Subscribe to the list"), required=False)
    statement = forms.CharField(
        label=_("How did these people agree to your mailings?"),
        required=False,
        max_length=500,
        help_text=_("Your statement is kept with the consents. Needed unless the file has dates."),
    )
    update = forms.BooleanField(label=_("Update existing recipients"), required=False)
    dry_run = forms.BooleanField(label=_("Test run: change nothing"), required=False)
    consent = forms.BooleanField(
        label=_("These people have agreed to receive my mailings"),
        required=False,
        help_text=_("Your statement is kept with the import."),
    )

    def __init__(
        self,
        *args: Any,
        preview: FilePreview,
        lists: Sequence[tuple[int, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(forms.ChoiceField, self.fields["list"])
        named = [(str(number), title) for number, title in lists]
        choice.choices = [("", gettext("no list")), *named]
        self._count = len(preview.columns)
        self._own = list(preview.attributes)
        self._questions = preview.questions
        names = [
            attribute_name(column) if own == AS_IT_IS else own
            for column, own in zip(preview.header, self._own, strict=True)
        ]
        objects = {at: ", ".join(inside) for at, inside in preview.objects}
        for at, (column, own) in enumerate(zip(preview.columns, preview.attributes, strict=True)):
            label, guess, _rows = column
            asked = at in self._questions
            question = [("", _("Choose: it says that people have left"))] if asked else []
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=label,
                choices=[*question, *_fields(), (own, _attribute(names[at], objects.get(at)))],
                initial="" if asked else guess or "-",
                widget=forms.Select(attrs={"class": "form-select"}),
                error_messages={
                    "required": _("It says “%(value)s”. Choose “status”, or what else it is.")
                    % {"value": self._questions.get(at, "")}
                },
            )

    def columns(self) -> Sequence[Any]:
        """The selects, in the order of the columns."""
        return [self[f"column_{at}"] for at in range(self._count)]

    def mapping(self) -> dict[str, str]:
        """Column to field, by position: two columns may have one name."""
        return {key_of(at): self._field(at) for at in range(self._count)}

    def present_mapping(self) -> dict[str, str]:
        """The same of a form as it stands, finished or not; an open question is left out."""
        return {key_of(at): self._present(f"column_{at}") for at in range(self._count)}

    def _present(self, name: str) -> str:
        value = str(self[name].value() or "-")
        field = cast(forms.ChoiceField, self.fields[name])
        return value if field.valid_value(value) else "-"

    def present_update(self) -> bool:
        """Would those who are known already be updated, as the form stands?"""
        return bool(self["update"].value())

    def _field(self, at: int) -> str:
        """An attribute that nobody was asked about may still turn out to be a status."""
        field: str = self.cleaned_data[f"column_{at}"]
        unasked = field == self._own[at] and at not in self._questions
        return f"{UNASKED}{field}" if unasked else field

    def present_list(self) -> int:
        """The list that is chosen, as the form stands; 0 for none."""
        return row_id(str(self["list"].value() or "")) or 0

    def present_statement(self) -> str:
        return str(self["statement"].value() or "")

    def tag_list(self) -> Sequence[str]:
        return tag_names(self.cleaned_data["tags"])
