from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.personal_data import holders
from apps.core.text.field_labels import translate_labels


class DeliveryConfig(AppConfig):
    name = "apps.delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        from apps.core.slots import background_jobs, direct_sender, planner, run_control
        from apps.delivery.engine.system_messages import OLD
        from apps.delivery.monitoring.approval_notices import ApprovalNotices
        from apps.delivery.preflight.running import PreflightRunning
        from apps.delivery.probes.reading import ProbeReading
        from apps.delivery.scheduling.domain_watch import DomainWatch
        from apps.delivery.scheduling.feed_reading import FeedReading
        from apps.delivery.scheduling.file_staging import FileStaging
        from apps.delivery.scheduling.reputation_watch import ReputationWatch
        from apps.delivery.service import service
        from apps.mailings.services.privacy.retention import KEPT

        run_control.fill(service)
        direct_sender.fill(service)
        planner.fill(service)
        background_jobs.add(DomainWatch())
        background_jobs.add(ApprovalNotices())
        background_jobs.add(ReputationWatch())
        background_jobs.add(ProbeReading())
        background_jobs.add(PreflightRunning())
        background_jobs.add(FileStaging())
        background_jobs.add(FeedReading())
        KEPT["system_messages"] = OLD
        if settings.DISPATCH_BACKEND == "celery":  # its packages are an extra
            service.on_work(import_module("apps.delivery.tasks").wake)
        holders.add(import_module("apps.delivery.personal_data").SendingData())
        translate_labels(self)
