from django.urls import path

from apps.feedback.views.unsubscribe import Unsubscribe

app_name = "feedback"

urlpatterns = [path("u/<str:token>/", Unsubscribe.as_view(), name="unsubscribe")]
