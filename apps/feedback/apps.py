from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from apps.core.personal_data import holders
        from apps.core.slots import background_jobs, figure_sources
        from apps.core.text.field_labels import translate_labels
        from apps.feedback import checks  # noqa: F401
        from apps.feedback.services.personal_data import FeedbackData
        from apps.feedback.services.polling import FeedbackPolling
        from apps.feedback.services.retention import EventRetention
        from apps.feedback.services.signups import states
        from apps.feedback.services.signups.asking import SignupAsking
        from apps.feedback.services.signups.retention import SignupRetention

        background_jobs.add(FeedbackPolling())
        background_jobs.add(EventRetention())
        holders.add(FeedbackData())
        background_jobs.add(SignupRetention())
        background_jobs.add(SignupAsking())
        figure_sources.append(states.figures)
        translate_labels(self)
