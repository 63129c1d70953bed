"""The form of a custom field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refused
from apps.core.forms import OwnedForm
from apps.mailings.attribute_values import Kind, distinct_choices
from apps.mailings.models import AttributeDefinition
from apps.mailings.services.segmentation.attributes import AttributeService, check_definition


class AttributeForm(OwnedForm[AttributeDefinition]):
    """Name, label and kind; the values of a choice one on each line."""

    choice_lines = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One per line; only for the kind “Choice”. Without any, every text fits."),
    )

    class Meta:
        model = AttributeDefinition
        fields = ("name", "label", "kind", "public", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["name", "label", "kind", "choice_lines", "public", "position"])
        self.fields["name"].help_text = _("Used in messages: {{ city }}.")
        if self.instance.pk is not None:
            self.fields["name"].disabled = True
            self.initial["choice_lines"] = "\n".join(self.instance.choices)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        lines = distinct_choices(cleaned.get("choice_lines", ""))
        self.instance.choices = list(lines) if cleaned.get("kind") == Kind.CHOICE else []
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            check_definition(self.instance)
        except Refused as refusal:
            self.add_error(None, ValidationError(str(refusal), code=refusal.code))

    def save(self, commit: bool = True) -> AttributeDefinition:
        return AttributeService(self.owner).save(self.instance)
