"""The form that people sign up with."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone

from apps.users.services import release_address


class SignUpForm(SignupForm):  # type: ignore[misc]
    """Allauth's own. An address whose sign-up has run out is free again."""

    def clean_email(self) -> str:
        release_address(email=self.cleaned_data["email"], now=timezone.now())
        email: str = super().clean_email()
        return email

    def try_save(self, request: HttpRequest) -> Any:
        """An address that has an account takes as long as one that has none."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)
