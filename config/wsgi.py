import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

# Loaded after the apps, whose models it reads.
from apps.feedback.engagement.front import EngagementFront  # noqa: E402
from apps.feedback.engagement.spool import Spool  # noqa: E402

application = EngagementFront(django_application, Spool())
