from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.slots import background_jobs


class ReportsConfig(AppConfig):
    name = "apps.reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        # Receivers need the models, which are there only now.
        import_module("apps.reports.signals")
        background_jobs.add(import_module("apps.reports.daily_report").DailyReport())
