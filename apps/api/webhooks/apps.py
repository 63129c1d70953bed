from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "apps.api.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from apps.api.webhooks.dispatcher import LedgerFollower
        from apps.core.slots import side_jobs
        from apps.core.text.field_labels import translate_labels

        side_jobs.add(LedgerFollower())
        translate_labels(self)
