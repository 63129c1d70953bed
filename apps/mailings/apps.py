from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.labels import translate_labels


class MailingsConfig(AppConfig):
    name = "apps.mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        from apps.mailings.deletion import hold_open_runs

        translate_labels(self)
        hold_open_runs()
