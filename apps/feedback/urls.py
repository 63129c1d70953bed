from collections.abc import Iterator

from django.urls import URLPattern, path

from apps.feedback.views.archive import ArchivedLetter, ArchiveFeed, ArchivePage
from apps.feedback.views.confirm import ConfirmSignup
from apps.feedback.views.delivery_events import DeliveryEvents
from apps.feedback.views.fresh_links import AskForLink
from apps.feedback.views.hooks import Hook, SmsHook
from apps.feedback.views.letter import LetterPage
from apps.feedback.views.messengers import (
    MessengerHook,
    MessengerPage,
    MessengerPicture,
    VkHook,
)
from apps.feedback.views.signup import EmbedScript, SignupChallenge, SignupPage
from apps.feedback.views.unsubscribe import FreshLink, Unsubscribe

app_name = "feedback"


def _messenger_paths() -> Iterator[URLPattern]:
    """The page of a recipient's link to each messenger, and its picture."""
    for kind in ("telegram", "max", "vk"):
        page, picture = MessengerPage.as_view(kind=kind), MessengerPicture.as_view(kind=kind)
        yield path(f"recipients/<int:pk>/{kind}/", page, name=kind)
        yield path(f"recipients/<int:pk>/{kind}/qr.svg", picture, name=f"{kind}_qr")


urlpatterns = [
    path("f/<slug:slug>/", SignupPage.as_view(), name="signup"),
    path("f/<slug:slug>/embed.js", EmbedScript.as_view(), name="signup_script"),
    path("f/<slug:slug>/challenge/", SignupChallenge.as_view(), name="signup_challenge"),
    path("c/<str:token>/", ConfirmSignup.as_view(), name="confirm_signup"),
    path("u/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
    path("v/<str:token>/", LetterPage.as_view(), name="letter"),
    path("archive/<slug:slug>/", ArchivePage.as_view(), name="archive"),
    path("archive/<slug:slug>/feed.xml", ArchiveFeed(), name="archive_feed"),
    path("archive/<slug:slug>/<slug:mailing>/", ArchivedLetter.as_view(), name="archived_letter"),
    path("preferences/<str:token>/", AskForLink.as_view(), name="ask_for_link"),
    path("p/<str:token>/", FreshLink.as_view(), name="fresh_link"),
    path(
        "hooks/telegram/<str:secret>/",
        MessengerHook.as_view(kind="telegram"),
        name="telegram_hook",
    ),
    path("hooks/max/<str:secret>/", MessengerHook.as_view(kind="max"), name="max_hook"),
    path("hooks/vk/<str:secret>/", VkHook.as_view(), name="vk_hook"),
    path("hooks/sms/<str:secret>/", SmsHook.as_view(), name="sms_hook"),
    path("hooks/<slug:provider>/<str:secret>/", Hook.as_view(), name="hook"),
    path("deliveries/<int:pk>/news/", DeliveryEvents.as_view(), name="news"),
    *_messenger_paths(),
]
