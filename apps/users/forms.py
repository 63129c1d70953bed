"""Forms about people."""

from __future__ import annotations

from django.contrib.auth.forms import AdminUserCreationForm

from apps.users.models import User


class NewUserForm(AdminUserCreationForm[User]):
    """A new user in the admin: e-mail and password."""

    class Meta:
        model = User
        fields = ("email",)
