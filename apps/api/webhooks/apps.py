from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "apps.api.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from apps.api.webhooks.dispatcher import WebhookDispatcher
        from apps.api.webhooks.enrolments import somebody_listens
        from apps.api.webhooks.personal_data import WebhooksData
        from apps.automations.announcing import listeners
        from apps.core.personal_data import holders
        from apps.core.slots import background_jobs
        from apps.core.text.field_labels import translate_labels

        background_jobs.add(WebhookDispatcher())
        holders.add(WebhooksData())
        listeners.fill(somebody_listens)
        translate_labels(self)
