from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from apps.core.labels import translate_labels
        from apps.core.slots import side_jobs
        from apps.feedback import checks  # noqa: F401
        from apps.feedback.services.forgetting import Forgetting
        from apps.feedback.services.listening import Listening

        side_jobs.add(Listening())
        side_jobs.add(Forgetting())
        translate_labels(self)
