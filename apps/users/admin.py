from __future__ import annotations

from typing import Any, Final

import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.admin import NotedAdmin, ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.users.forms import NewUserForm
from apps.users.models import ApiToken, AuditEntry, Notification, User
from apps.users.services import give_address
from apps.users.tokens import revoke_all

log = structlog.get_logger(__name__)


#: What makes somebody more than a user.
_RIGHTS: Final = ("is_staff", "is_superuser", "groups", "user_permissions")


class _SuperusersOnly:
    """Rows by which somebody signs in, or has rights, are changed by superusers alone.

    Staff with Django's permission to change them could give themselves every other right, another
    address to a superuser, or the second factor of somebody away.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


@admin.register(User)
class EmailUserAdmin(TrueDeletionMixin, _SuperusersOnly, UserAdmin[User]):
    """People, by email; the username follows from it and is not shown."""

    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "id", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "first_name", "last_name", "phone")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (
            _("Person"),
            {"fields": ("first_name", "last_name", "phone", "country", "time_zone", "avatar")},
        ),
        (
            _("Rights"),
            {
                "fields": (
                    "is_active",
                    "on_probation",
                    "approval",
                    "is_staff",
                    "is_superuser",
                    "groups",
                    "user_permissions",
                )
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A superuser's word confirms an address; whose rights were changed stands in the log."""
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name in (*_RIGHTS, "is_active")]
        if changed:
            log.info("rights_changed", user_id=obj.pk, by=request.user.pk, fields=changed)
        if change and "email" in form.changed_data:
            give_address(obj, before=form.initial["email"])
        if not obj.is_active:
            revoke_all(owner=obj, now=timezone.now())


def _for_superusers(model: type[Model]) -> None:
    """Let superusers alone change these rows, with whatever admin they have now."""
    usual = type(admin.site._registry[model])
    admin.site.unregister(model)
    admin.site.register(model, type(usual.__name__, (_SuperusersOnly, NotedAdmin, usual), {}))


for _model in (
    Group,
    EmailAddress,
    Authenticator,
    SocialAccount,
    SocialApp,
    SocialToken,
):
    _for_superusers(_model)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "code", "created_at", "read_at")
    list_select_related = ("owner",)
    list_filter = ("code",)
    search_fields = ("owner__email",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "name", "scope", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("owner",)
    list_filter = ("scope",)
    search_fields = ("owner__email", "name")
    exclude = ("digest",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "act", "name", "object_type", "object_id", "object_name")
    list_filter = ("act", "kind")
    search_fields = ("name", "object_name")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers: a manager has the page."""
        return _is_superuser(request)
