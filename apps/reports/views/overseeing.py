"""Pages for managers and superusers alone."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.mixins import UserPassesTestMixin

from apps.core.mixins import SignedInMixin
from apps.users.models import User


class OverseersMixin(SignedInMixin, UserPassesTestMixin):
    """Whoever is signed in and does not oversee is refused (403)."""

    request: Any

    def test_func(self) -> bool:
        user = self.request.user
        return not user.is_authenticated or cast(User, user).sees_all
