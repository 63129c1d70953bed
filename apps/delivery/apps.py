from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.labels import translate_labels


class DeliveryConfig(AppConfig):
    name = "apps.delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        from apps.core.slots import dispatcher
        from apps.delivery.service import service

        dispatcher.plug(service)
        translate_labels(self)
