from django.urls import path

from apps.feedback.views.hooks import Hook
from apps.feedback.views.unsubscribe import Unsubscribe

app_name = "feedback"

urlpatterns = [
    path("u/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
    path("hooks/<slug:provider>/<str:secret>/", Hook.as_view(), name="hook"),
]
