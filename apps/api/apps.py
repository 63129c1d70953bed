from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "apps.api"
    verbose_name = _("API")

    def ready(self) -> None:
        from apps.api.personal_data import ApiData
        from apps.core.personal_data import holders
        from apps.core.text.field_labels import translate_labels

        holders.add(ApiData())
        translate_labels(self)
