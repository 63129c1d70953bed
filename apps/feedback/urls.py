from django.urls import path

from apps.feedback.views.confirm import ConfirmSignup
from apps.feedback.views.delivery_events import DeliveryEvents
from apps.feedback.views.fresh_links import AskForLink
from apps.feedback.views.hooks import Hook
from apps.feedback.views.letter import LetterPage
from apps.feedback.views.signup import EmbedScript, SignupChallenge, SignupPage
from apps.feedback.views.telegram import TelegramHook, TelegramPage, TelegramPicture
from apps.feedback.views.unsubscribe import FreshLink, Unsubscribe

app_name = "feedback"

urlpatterns = [
    path("f/<slug:slug>/", SignupPage.as_view(), name="signup"),
    path("f/<slug:slug>/embed.js", EmbedScript.as_view(), name="signup_script"),
    path("f/<slug:slug>/challenge/", SignupChallenge.as_view(), name="signup_challenge"),
    path("c/<str:token>/", ConfirmSignup.as_view(), name="confirm_signup"),
    path("u/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
    path("v/<str:token>/", LetterPage.as_view(), name="letter"),
    path("preferences/<str:token>/", AskForLink.as_view(), name="ask_for_link"),
    path("p/<str:token>/", FreshLink.as_view(), name="fresh_link"),
    path("hooks/telegram/<str:secret>/", TelegramHook.as_view(), name="telegram_hook"),
    path("hooks/<slug:provider>/<str:secret>/", Hook.as_view(), name="hook"),
    path("deliveries/<int:pk>/news/", DeliveryEvents.as_view(), name="news"),
    path("recipients/<int:pk>/telegram/", TelegramPage.as_view(), name="telegram"),
    path("recipients/<int:pk>/telegram/qr.svg", TelegramPicture.as_view(), name="telegram_qr"),
]
