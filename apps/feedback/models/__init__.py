from apps.feedback.models.events import Event, TelegramLink
from apps.feedback.models.public_links import PublicLink

__all__ = ["Event", "PublicLink", "TelegramLink"]
