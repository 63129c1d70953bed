from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.audit import links
from apps.core.audit.log import audit_log
from apps.core.personal_data import holders
from apps.core.text.field_labels import translate_labels


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = _("Users")

    def ready(self) -> None:
        translate_labels(self)
        audit_log.fill(import_module("apps.users.audit").StoredAuditLog())
        links.connect()
        personal_data = import_module("apps.users.personal_data")
        holders.add(personal_data.UsersData())
        holders.add(personal_data.AuditData())
        # Models of other apps can be named from now on.
        import_module("apps.users.authentication.security_log").connect()
        # A session begins at the sign-in, also at one before the first request.
        import_module("apps.users.middleware")
