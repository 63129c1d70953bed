"""Forms about people."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.users.avatars import AvatarRefused, made_anew
from apps.users.models import ApiToken, User


class NewUserForm(AdminUserCreationForm[User]):
    """A new user in the admin: e-mail and password."""

    class Meta:
        model = User
        fields = ("email",)


class ProfileForm(forms.ModelForm[User]):
    """What people say of themselves. Role and rights are nobody's own to change."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone", "country", "time_zone", "avatar")
        widgets = {
            "time_zone": forms.TextInput(attrs={"placeholder": "Europe/Moscow"}),
            "avatar": forms.ClearableFileInput(attrs={"accept": "image/*"}),
        }

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone not in available_timezones():
            raise ValidationError(_("Write a time zone such as Europe/Moscow."), code="time_zone")
        return zone

    def clean_avatar(self) -> Any:
        found = self.cleaned_data["avatar"]
        if not isinstance(found, UploadedFile):
            return found
        try:
            return made_anew(found)
        except AvatarRefused as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal


class TokenForm(forms.Form):
    """A new token: what it is called, what it may do, and for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Such as the program that will use it.")
    )
    scope = forms.ChoiceField(
        label=_("What it may do"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.WRITE
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
    )
