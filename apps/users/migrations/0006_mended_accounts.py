"""What rows of before lack: a username that follows its e-mail, secrets that are sealed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.users.authentication.second_factor import fernet

_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


def usernames_follow(apps: Any, editor: Any) -> None:
    """In two steps: one user's old name may be another's address."""
    users = apps.get_model("users", "User").objects
    stray = list(users.exclude(username=F("email")).values_list("pk", "email"))
    for pk, _email in stray:
        users.filter(pk=pk).update(username=f"{pk}/renamed")
    for pk, email in stray:
        users.filter(pk=pk).update(username=email)


def dead_tokens_stay_dead(apps: Any, editor: Any) -> None:
    """Tokens that ended with a password are marked as such, before the mark of it goes."""
    tokens = apps.get_model("users", "ApiToken").objects
    living = tokens.filter(revoked_at=None).exclude(password_mark="").select_related("owner")
    for token in living.iterator():
        mark = salted_hmac(_SALT, token.owner.password, algorithm="sha256").hexdigest()
        if not constant_time_compare(mark, token.password_mark):
            tokens.filter(pk=token.pk).update(revoked_at=timezone.now())


def seal(apps: Any, editor: Any) -> None:
    _every_secret(apps, lambda text: _keys().encrypt(text.encode()).decode("ascii"))


def unseal(apps: Any, editor: Any) -> None:
    _every_secret(apps, lambda text: _keys().decrypt(text).decode())


def _every_secret(apps: Any, change: Callable[[str], str]) -> None:
    rows = apps.get_model("mfa", "Authenticator").objects
    for row in rows.filter(type__in=["totp", "recovery_codes"]).iterator():
        for name in ("secret", "seed"):
            if row.data.get(name):
                row.data[name] = change(row.data[name])
        if row.data.get("migrated_codes"):
            row.data["migrated_codes"] = [change(code) for code in row.data["migrated_codes"]]
        row.save(update_fields=["data"])


def _keys() -> Any:
    return fernet([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0004_api_tokens"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunPython(usernames_follow, migrations.RunPython.noop),
        migrations.RunPython(dead_tokens_stay_dead, migrations.RunPython.noop),
        migrations.RunPython(seal, unseal),
    ]
