"""All checks, in the order in which they run and are shown: what asks others comes last."""

from __future__ import annotations

from typing import Final

from apps.delivery.preflight.check import Check
from apps.delivery.preflight.checks.audience import AudienceCheck, ForecastCheck
from apps.delivery.preflight.checks.content import (
    ContentCheck,
    PostalAddressCheck,
    TextPartCheck,
    UnsubscribeCheck,
    WeightCheck,
)
from apps.delivery.preflight.checks.contrast import ContrastCheck
from apps.delivery.preflight.checks.files import FileCheck
from apps.delivery.preflight.checks.languages import LanguageCheck, RepeatCheck
from apps.delivery.preflight.checks.links import LinkCheck
from apps.delivery.preflight.checks.pictures import PictureCheck
from apps.delivery.preflight.checks.placeholders import PlaceholderCheck
from apps.delivery.preflight.checks.sender import ProbeCheck, SenderCheck
from apps.delivery.preflight.checks.spam import SpamCheck
from apps.delivery.preflight.checks.subject import SubjectCheck

CHECKS: Final[tuple[Check, ...]] = (
    ContentCheck(),
    SubjectCheck(),
    UnsubscribeCheck(),
    PostalAddressCheck(),
    TextPartCheck(),
    WeightCheck(),
    ContrastCheck(),
    AudienceCheck(),
    PlaceholderCheck(),
    FileCheck(),
    LanguageCheck(),
    RepeatCheck(),
    ForecastCheck(),
    SenderCheck(),
    LinkCheck(),
    PictureCheck(),
    SpamCheck(),
    ProbeCheck(),
)
