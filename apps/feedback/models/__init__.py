from apps.feedback.models.events import Event, MessengerLink
from apps.feedback.models.public_links import PublicLink
from apps.feedback.models.signups import (
    ConfirmationEmail,
    Signup,
    SignupCounts,
    SignupWindow,
    UsedChallenge,
)

__all__ = [
    "ConfirmationEmail",
    "Event",
    "PublicLink",
    "Signup",
    "SignupCounts",
    "SignupWindow",
    "MessengerLink",
    "UsedChallenge",
]
