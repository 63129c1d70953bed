from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AutomationsConfig(AppConfig):
    name = "apps.automations"
    verbose_name = _("Automations")

    def ready(self) -> None:
        from apps.automations.job import AutomationMoving
        from apps.automations.personal_data import AutomationData
        from apps.automations.services.uses import places_of
        from apps.core.deletion.uses import use_sources
        from apps.core.personal_data import holders
        from apps.core.slots import background_jobs
        from apps.core.text.field_labels import translate_labels

        background_jobs.add(AutomationMoving())
        holders.add(AutomationData())
        use_sources.append(places_of)
        translate_labels(self)
