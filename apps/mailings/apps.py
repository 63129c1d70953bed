from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.labels import translate_labels
from apps.core.slots import side_jobs


class MailingsConfig(AppConfig):
    name = "apps.mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        side_jobs.add(import_module("apps.mailings.services.import_cleaning").ImportCleaning())
        translate_labels(self)
