from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from apps.core.personal_data import holders
        from apps.core.slots import alert_sources, background_jobs, figure_sources
        from apps.core.text.field_labels import translate_labels
        from apps.delivery.channels.tracked import receipt_sink
        from apps.feedback import checks  # noqa: F401
        from apps.feedback.engagement import watching
        from apps.feedback.engagement.forgetting import OLD, EngagementData
        from apps.feedback.engagement.job import EngagementIntake
        from apps.feedback.services.personal_data import FeedbackData
        from apps.feedback.services.polling import FeedbackPolling
        from apps.feedback.services.receipts import ReceiptListening, Receipts
        from apps.feedback.services.retention import OLD as OLD_EVENTS
        from apps.feedback.services.signups import states
        from apps.feedback.services.signups.asking import SignupAsking
        from apps.feedback.services.signups.retention import SignupRetention
        from apps.mailings.services.privacy.retention import KEPT

        background_jobs.add(FeedbackPolling())
        background_jobs.add(ReceiptListening())
        receipt_sink.fill(Receipts())
        holders.add(FeedbackData())
        background_jobs.add(SignupRetention())
        background_jobs.add(SignupAsking())
        background_jobs.add(EngagementIntake())
        holders.add(EngagementData())
        KEPT["engagement"] = OLD
        KEPT["events"] = OLD_EVENTS
        figure_sources.append(states.figures)
        figure_sources.append(watching.figures)
        alert_sources.append(watching.alerts)
        translate_labels(self)
