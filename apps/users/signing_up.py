"""The form that people sign up with."""

from __future__ import annotations

from allauth.account.forms import SignupForm
from django.utils import timezone

from apps.users.services import release_address


class SignUpForm(SignupForm):  # type: ignore[misc]
    """Allauth's own. An address whose sign-up has run out is free again."""

    def clean_email(self) -> str:
        release_address(email=self.cleaned_data["email"], now=timezone.now())
        email: str = super().clean_email()
        return email
