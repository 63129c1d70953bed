from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from apps.core.deleting import TrueDeletionMixin
from apps.core.readonly import ReadOnlyAdmin
from apps.users.forms import NewUserForm
from apps.users.models import ApiToken, Notice, User


@admin.register(User)
class EmailUserAdmin(TrueDeletionMixin, UserAdmin[User]):
    """People, by e-mail; the username follows from it and is not shown."""

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
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
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


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
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
    exclude = ("digest", "password_mark")
