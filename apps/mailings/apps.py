from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.slots import background_jobs
from apps.core.text.field_labels import translate_labels


class MailingsConfig(AppConfig):
    name = "apps.mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        background_jobs.add(
            import_module("apps.mailings.services.importing.retention").ImportCleaning()
        )
        background_jobs.add(
            import_module("apps.mailings.services.importing.interrupted").InterruptedImports()
        )
        background_jobs.add(
            import_module("apps.mailings.services.importing.sources").NightlyPulls()
        )
        background_jobs.add(
            import_module("apps.mailings.services.segmentation.activity").ActivityRollup()
        )
        background_jobs.add(
            import_module("apps.mailings.services.segmentation.attributes").AttributeReading()
        )
        background_jobs.add(
            import_module("apps.mailings.services.permission.frequency").FrequencyWaits()
        )
        privacy = "apps.mailings.services.privacy"
        background_jobs.add(import_module(f"{privacy}.erasure").Erasures())
        background_jobs.add(import_module(f"{privacy}.personal_data").DataCopies())
        background_jobs.add(import_module(f"{privacy}.retention").Retention())
        background_jobs.add(import_module(f"{privacy}.sunset").Sunset())
        import_module("apps.mailings.deletion").hold_open_runs()
        translate_labels(self)
