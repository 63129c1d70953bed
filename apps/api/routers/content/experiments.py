"""`/api/mailings/{pk}/experiment/`."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.content.experiments import ExperimentIn, ExperimentOut, VariantChoice
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.models import Experiment, Mailing, Run
from apps.mailings.models.experiments.plan import letter
from apps.mailings.selectors.experiments.shown import ShownExperiment, shown_experiment
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.experiments import editing
from apps.mailings.services.experiments.running import choose

router = Router(tags=["Mailings"])


def _rows() -> Any:
    rows = Mailing.objects.filter(archived_at=None, kind=Mailing.Kind.MAILING)
    return listed(rows.select_related("message", "owner"))


def _own(request: ApiRequest, pk: int) -> Mailing:
    mailing: Mailing = editable_or_403(_rows(), request.auth.user, pk=pk)
    return mailing


def _run(mailing: Mailing) -> Run | None:
    return mailing.runs.filter(number=mailing.current_run).first()


def _body(mailing: Mailing) -> dict[str, Any]:
    rows = Experiment.objects.filter(mailing=mailing).prefetch_related("variants")
    experiment, run = rows.first(), _run(mailing)
    shown = shown_experiment(run, timezone.now()) if run is not None else None
    if experiment is None:
        raise Http404
    names = ("metric", "goal", "share", "wait_minutes", "if_undecided")
    parts = ("subject", "preheader", "sender_id", "message_id", "hour")
    return {name: getattr(experiment, name) for name in names} | {
        "variants": [
            {"letter": letter(number)} | {part: getattr(one, part) for part in parts}
            for number, one in enumerate(experiment.variants.all(), 2)
        ],
        "result": _result(shown) if shown is not None else None,
    }


def _result(shown: ShownExperiment) -> dict[str, Any]:
    row = shown.row
    return {
        "run": shown.run.number,
        "text": shown.sentence,
        "due_at": row.due_at,
        "judged_at": row.judged_at,
        "decided_at": row.decided_at,
        "winner": letter(row.winner) if row.winner else "",
        "chosen": letter(row.chosen) if row.chosen else "",
        "by": row.by,
        "asked": shown.asked,
        "variants": [
            {
                "number": one.number,
                "letter": one.letter,
                "sent": one.count,
                "events": one.events,
                **{
                    name: share / 100 if (share := getattr(one, name)) is not None else None
                    for name in ("low", "high", "best")
                },
            }
            for one in shown.variants
        ],
    }


@router.get(
    "/{int:pk}/experiment/", response=answers({200: ExperimentOut}, 404), summary="Its experiment"
)
def get_experiment(request: ApiRequest, pk: int) -> dict[str, Any]:
    """404 when the mailing has none."""
    return _body(visible_or_404(_rows(), request.auth.user, pk=pk))


@router.put(
    "/{int:pk}/experiment/",
    response=answers({200: ExperimentOut}, 404, 409),
    summary="Set its experiment",
)
def set_experiment(request: ApiRequest, pk: int, given: ExperimentIn) -> dict[str, Any]:
    """In place of the one it has. 409 while it is being sent."""
    mailing = _own(request, pk)
    values = given.dict()
    variants = [editing.PlannedVariant(**one) for one in values.pop("variants")]
    editing.save_experiment(mailing=mailing, planned=editing.Planned(variants, **values))
    return _body(mailing)


@router.delete(
    "/{int:pk}/experiment/",
    response=answers({204: None}, 404, 409),
    summary="Remove its experiment",
)
def remove_experiment(request: ApiRequest, pk: int) -> Status[None]:
    """It is sent in one variant from now on. 409 while it is being sent."""
    if not editing.remove_experiment(_own(request, pk)):
        raise Http404
    return Status(204, None)


@router.post(
    "/{int:pk}/experiment/choose/",
    response=answers({200: ExperimentOut}, 404, 409),
    summary="Choose a variant",
)
def choose_variant(request: ApiRequest, pk: int, given: VariantChoice) -> dict[str, Any]:
    """The other recipients get it. 409 unless somebody is asked: see `asked` of the result."""
    mailing = _own(request, pk)
    run = _run(mailing)
    if run is None:
        raise Http404
    choose(run_id=run.pk, number=given.variant, actor=request.auth.user.email)
    return _body(mailing)
