from django.urls import path

from apps.feedback.views.delivery_events import DeliveryEvents
from apps.feedback.views.hooks import Hook
from apps.feedback.views.telegram import TelegramHook, TelegramPage, TelegramPicture
from apps.feedback.views.unsubscribe import Unsubscribe

app_name = "feedback"

urlpatterns = [
    path("u/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
    path("hooks/telegram/<str:secret>/", TelegramHook.as_view(), name="telegram_hook"),
    path("hooks/<slug:provider>/<str:secret>/", Hook.as_view(), name="hook"),
    path("deliveries/<int:pk>/news/", DeliveryEvents.as_view(), name="news"),
    path("recipients/<int:pk>/telegram/", TelegramPage.as_view(), name="telegram"),
    path("recipients/<int:pk>/telegram/qr.svg", TelegramPicture.as_view(), name="telegram_qr"),
]
