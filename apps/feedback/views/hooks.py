"""``/hooks/<provider>/<secret>/``: the endpoint of the providers' webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.delivery.report_addresses import account_at
from apps.feedback.hooks import esp, generic, sms
from apps.feedback.hooks.signatures import HookRefused, same
from apps.feedback.services.events import receive_all
from apps.feedback.services.sms_reports import receive_report
from apps.feedback.tracking_event import TrackingEvent

log = structlog.get_logger(__name__)

#: Bytes of a call that are read.
MOST: Final = 1_000_000


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Hook(View):
    """200 when the event is kept, known or not; 403 and 400 change nothing; 404 reveals nothing."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, provider: str, secret: str) -> HttpResponse:
        """Providers look whether there is a hook before they use it."""
        self._check_address(provider, secret)
        return HttpResponse()

    def _check_address(self, provider: str, secret: str) -> None:
        if not same(secret, settings.HOOK_SECRET) or provider not in open_hooks():
            raise Http404

    def post(self, request: HttpRequest, provider: str, secret: str) -> HttpResponse:
        self._check_address(provider, secret)
        if is_too_large(request):
            return HttpResponse(status=413)
        now = timezone.now()
        try:
            reports = _read(provider, request, now)
        except HookRefused as refusal:
            log.warning("hook_refused", provider=provider, reason=str(refusal))
            return HttpResponse(status=refusal.status)
        receive_all(reports, now=now)
        return HttpResponse()


def is_too_large(request: HttpRequest) -> bool:
    """Nothing of such a call is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > MOST


def open_hooks() -> set[str]:
    """A caller that proves itself by a key in ``.env``."""
    return esp.open_hooks() | ({generic.SOURCE} if settings.HOOK_GENERIC_KEY else set())


def _read(provider: str, request: HttpRequest, now: datetime) -> list[TrackingEvent]:
    if provider == generic.SOURCE:
        return generic.read(request, now)
    return esp.read(provider, request, now)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SmsHook(View):
    """Reports of a provider of text messages about one account, whose address this is."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        named = [name for name, one in settings.ACCOUNTS.items() if one.kind == sms.SOURCE]
        account = account_at(sms.SOURCE, secret, named)
        hook = sms.hook_of(account) if account is not None else None
        if account is None or hook is None:
            raise Http404
        if is_too_large(request):
            return HttpResponse(status=413)
        try:
            report = sms.read(hook, request, account)
        except HookRefused as refusal:
            log.warning("hook_refused", provider=sms.SOURCE, account=account, reason=str(refusal))
            return HttpResponse(status=refusal.status)
        if report is not None:
            receive_report(report, account=account, now=timezone.now())
        return HttpResponse()
