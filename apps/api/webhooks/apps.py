from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "apps.api.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from apps.api.webhooks.follower import LedgerFollower
        from apps.core.labels import translate_labels
        from apps.core.slots import side_jobs

        side_jobs.add(LedgerFollower())
        translate_labels(self)
