"""What moves a mailing: through the dispatcher, as the buttons of its page do."""

from typing import Any

from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import Counted, answers
from apps.api.schemas.mailings import Opened, Published, Started
from apps.api.schemas.preflight import ApprovalOut, Held, PreflightOut
from apps.api.schemas.runs import RunOut
from apps.core.contracts import Launched
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.slots import run_control
from apps.core.text.formatting import refusal_text
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.approvals import fingerprints
from apps.delivery.engine.runs.approvals.decisions import ApprovalNeeded
from apps.delivery.engine.runs.preflights import fingerprint_of, newest
from apps.delivery.models import Preflight
from apps.delivery.preflight.report import rows_of
from apps.delivery.preflight.running import ask
from apps.mailings.models import Mailing, Run, Trigger
from apps.mailings.selectors.mailings import listed, living_runs
from apps.mailings.services import starting
from apps.mailings.services.mailings import toggle_mailing
from apps.mailings.services.publishing import archive
from apps.mailings.services.publishing.archive import public_url

router = Router(tags=["Mailings"])
_MOVED = answers({200: RunOut}, 404, 409)
_COUNTED = answers({200: Counted}, 404, 409)


def own(request: ApiRequest, pk: int) -> Mailing:
    """The mailing, when the caller may move it."""
    return editable_or_403(Mailing.objects.filter(archived_at=None), request.auth.user, pk=pk)


def _run_of(mailing: Mailing) -> Run:
    return living_runs().defer("content").filter(mailing=mailing).latest("number")


@router.post(
    "/{int:pk}/start/", response=answers({200: Started, 202: Held}, 404, 409), summary="Start it"
)
def start(request: ApiRequest, pk: int, early: bool = False) -> Launched | Status[dict[str, Any]]:
    """Start it now, or join it when it is being sent. `early`: although its start lies ahead.

    202: it waits until a manager has approved it on a page, and starts then.
    """
    mailing = own(request, pk)
    try:
        return starting.start(mailing_id=mailing.pk, trigger=Trigger.API, early=early)
    except ApprovalNeeded as refusal:
        return Status(202, {"waiting": refusal.code, "detail": refusal_text(refusal)})


@router.post("/{int:pk}/pause/", response=_MOVED, summary="Pause it")
def pause(request: ApiRequest, pk: int) -> Run:
    """Nothing more is begun; what is in flight arrives."""
    mailing = own(request, pk)
    run_control.value.pause(mailing_id=mailing.pk)
    return _run_of(mailing)


@router.post("/{int:pk}/resume/", response=_MOVED, summary="Resume it")
def resume(request: ApiRequest, pk: int) -> Run:
    """End a pause, or a wait."""
    mailing = own(request, pk)
    run_control.value.resume(mailing_id=mailing.pk)
    return _run_of(mailing)


@router.post("/{int:pk}/stop/", response=_MOVED, summary="Stop it")
def stop(request: ApiRequest, pk: int) -> Run:
    """Pending deliveries are cancelled. `send-remaining` takes it back until the end."""
    mailing = own(request, pk)
    run_control.value.stop(mailing_id=mailing.pk)
    return _run_of(mailing)


@router.post("/{int:pk}/reset/", response=answers({200: Opened}, 404, 409), summary="Reset it")
def reset(request: ApiRequest, pk: int) -> dict[str, int]:
    """Open the next run of a completed mailing, so that it can be sent once more."""
    return {"number": starting.reset(mailing_id=own(request, pk).pk)}


@router.post("/{int:pk}/retry-failed/", response=_COUNTED, summary="Send again to the failed")
def retry_failed(request: ApiRequest, pk: int) -> dict[str, int]:
    """Retry the failed deliveries in the same run."""
    return {"count": starting.retry_failed(mailing_id=own(request, pk).pk)}


@router.post("/{int:pk}/send-remaining/", response=_COUNTED, summary="Send the remaining")
def send_remaining(request: ApiRequest, pk: int) -> dict[str, int]:
    """Another chance in the same run for those whom a stop or the end left out."""
    return {"count": starting.send_remaining(mailing_id=own(request, pk).pk)}


@router.post("/{int:pk}/replace-content/", response=_COUNTED, summary="Use the edited message")
def replace_content(request: ApiRequest, pk: int) -> dict[str, int]:
    """In a pause: the rest get the message as it is now."""
    return {"count": run_control.value.replace_content(mailing_id=own(request, pk).pk)}


@router.post("/{int:pk}/skip/", response=answers({204: None}, 404, 409), summary="Skip a start")
def skip(request: ApiRequest, pk: int) -> Status[None]:
    """Pass over the next start of a repeated mailing."""
    run_control.value.skip(mailing_id=own(request, pk).pk)
    return Status(204, None)


@router.post("/{int:pk}/publish/", response=answers({200: Published}, 404, 409), summary="Publish")
def publish(request: ApiRequest, pk: int) -> dict[str, str]:
    """Show it in the public archive, as soon as it is sent: at any time."""
    return {"url": public_url(archive.publish(own(request, pk)))}


@router.post("/{int:pk}/withdraw/", response=answers({204: None}, 404), summary="Withdraw")
def withdraw(request: ApiRequest, pk: int) -> Status[None]:
    """Take it out of the public archive at once."""
    archive.withdraw(own(request, pk))
    return Status(204, None)


@router.get(
    "/{int:pk}/preflight/", response=answers({200: PreflightOut}, 404), summary="Its preflight"
)
def get_preflight(request: ApiRequest, pk: int) -> dict[str, Any]:
    """The last one, and whether the mailing has changed since. `none` when nobody has asked."""
    mailing = visible_or_404(_listed(), request.auth.user, pk=pk)
    return _preflight(mailing, newest(mailing))


@router.post(
    "/{int:pk}/preflight/", response=answers({202: PreflightOut}, 404), summary="Run its preflight"
)
def run_preflight(request: ApiRequest, pk: int) -> Status[dict[str, Any]]:
    """It takes up to a minute in the background: ask for it until its state is `done`."""
    mailing = editable_or_403(_listed(), request.auth.user, pk=pk)
    return Status(202, _preflight(mailing, ask(mailing, asked_by=request.auth.user.pk)))


@router.get(
    "/{int:pk}/approval/", response=answers({200: ApprovalOut}, 404), summary="Its approval"
)
def get_approval(request: ApiRequest, pk: int) -> dict[str, Any]:
    """The last one. It is given on a page alone: no token approves anything."""
    mailing = visible_or_404(_listed(), request.auth.user, pk=pk)
    found = approvals.newest(mailing)
    shown = {"needed": approvals.needs_approval(mailing)}
    if found is None:
        nothing = {
            "run": None,
            "decided_by": "",
            "decided_at": None,
            "remark": "",
            "asked_at": None,
        }
        return {**shown, **nothing, "state": "none", "outdated": False}
    return {
        **shown,
        "state": found.state,
        "outdated": found.fingerprint != fingerprints.fingerprint_of(mailing),
        "run": found.run.number if found.run is not None else None,
        "asked_at": found.created_at,
        "decided_by": found.decided_by.email if found.decided_by is not None else "",
        "decided_at": found.decided_at,
        "remark": found.word,
    }


@router.post("/{int:pk}/enable/", response=answers({204: None}, 404), summary="Enable it")
def enable(request: ApiRequest, pk: int) -> Status[None]:
    """Managers only: lift what `disable` did."""
    return _switch(request, pk, active=True)


@router.post("/{int:pk}/disable/", response=answers({204: None}, 404), summary="Disable it")
def disable(request: ApiRequest, pk: int) -> Status[None]:
    """Managers only: nothing more is sent until it is enabled again."""
    return _switch(request, pk, active=False)


def _switch(request: ApiRequest, pk: int, *, active: bool) -> Status[None]:
    visible_or_404(Mailing.objects.filter(archived_at=None), request.auth.user, pk=pk)
    toggle_mailing(mailing_id=pk, actor=request.auth.user, active=active)
    return Status(204, None)


def _listed() -> Any:
    rows = Mailing.objects.filter(archived_at=None)
    return listed(rows.select_related("message", "owner", "sender"))


def _preflight(mailing: Mailing, found: Preflight | None) -> dict[str, Any]:
    if found is None:
        nothing = {"worst": "", "outdated": False, "started_at": None, "finished_at": None}
        return {**nothing, "state": "none", "checks": []}
    is_done = found.state == Preflight.State.DONE
    return {
        "state": found.state,
        "worst": found.worst,
        "outdated": is_done and found.fingerprint != fingerprint_of(mailing),
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "checks": [
            {
                "check": row.name,
                "title": row.title,
                "result": row.result,
                "findings": [
                    {
                        "result": one.result,
                        "text": one.finding.sentence,
                        "fix": one.finding.remedy,
                        "variants": list(one.finding.variants),
                    }
                    for one in row.found
                ],
            }
            for row in rows_of(found)
            if row.result is not None
        ],
    }
