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
    """A new user in the admin: email and password."""

    class Meta:
        model = User
        fields = ("email",)


class ProfileForm(forms.ModelForm[User]):
    """What people say of themselves. Role and rights are nobody's own to change."""

    remove_avatar = forms.BooleanField(label=_("Remove the picture"), required=False)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone", "country", "time_zone", "avatar")
        widgets = {
            "time_zone": forms.TextInput(attrs={"placeholder": "Europe/Moscow"}),
            "avatar": forms.FileInput(attrs={"accept": "image/*"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = self.instance.avatar.name
        if not self._before:
            del self.fields["remove_avatar"]

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone not in available_timezones():
            raise ValidationError(_("Choose a time zone, e.g. Europe/Moscow."), code="time_zone")
        return zone

    def clean_avatar(self) -> Any:
        found = self.cleaned_data["avatar"]
        if not isinstance(found, UploadedFile):
            return found
        try:
            return made_anew(found)
        except AvatarRefused as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal

    def save(self, commit: bool = True) -> User:
        """The picture that was there before is not kept."""
        if self.cleaned_data.get("remove_avatar") and "avatar" not in self.changed_data:
            self.instance.avatar = ""
        user = super().save(commit=commit)
        if self._before and self._before != user.avatar.name:
            user.avatar.storage.delete(self._before)
        return user


class TokenForm(forms.Form):
    """A new token: what it is called, what it may do, and for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("For example, the program’s name.")
    )
    scope = forms.ChoiceField(
        label=_("Access"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.WRITE
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
    )
