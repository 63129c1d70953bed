from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "apps.api.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from apps.api.webhooks.follower import follower as ours
        from apps.core.slots import follower

        follower.plug(ours)
