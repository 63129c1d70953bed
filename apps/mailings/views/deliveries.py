"""One delivery: whom, what exactly, and everything that was tried."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.generic import TemplateView

from apps.core.content.preview import Preview, preview_program
from apps.core.mixins import OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.failure_reasons import explain, explain_attempt
from apps.mailings.fields import shown_given, values_for
from apps.mailings.models import Delivery
from apps.mailings.run_content import bodies_of, content_for
from apps.mailings.selectors.deliveries import is_suppressed, result_sentence
from apps.mailings.selectors.files.personal_files import files_of_delivery
from apps.mailings.views.previews import Frame


def shown_deliveries() -> OwnedQuerySet[Delivery]:
    """Deliveries of all mailings: the history of an archived one can still be read."""
    rows: OwnedQuerySet[Delivery] = Delivery.objects.select_related("run__mailing", "recipient")
    return rows


class DeliveryDetail(OwnerFilterMixin, TemplateView):
    """What became of one recipient in one run, and the letter beside it."""

    template_name = "mailings/delivery_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        delivery = self.visible_or_404(
            shown_deliveries().defer("run__content"),
            pk=self.kwargs["delivery_id"],
            run__mailing_id=self.kwargs["pk"],
            run__number=self.kwargs["number"],
        )
        return super().get_context_data(
            delivery=delivery,
            why=(why := explain(delivery, suppressed=is_suppressed(delivery))),
            sentence=result_sentence(delivery, why),
            run=delivery.run,
            mailing=delivery.run.mailing,
            files=files_of_delivery(delivery, self.actor),
            attempts=[
                (row, explain_attempt(row)) for row in delivery.attempts.order_by("-pk")[:50]
            ],
            **kwargs,
        )


class Letter(Frame):
    """What was sent, made again: the content of its version, filled with the recipient's data."""

    def get(self, request: HttpRequest, pk: int, number: int, delivery_id: int) -> HttpResponse:
        found = self.visible_or_404(
            shown_deliveries(), pk=delivery_id, run__mailing_id=pk, run__number=number
        )
        content = content_for(found)
        if content is None:
            raise Http404
        purpose = found.run.mailing.purpose
        given = shown_given(content.get("fields", {}), purpose=purpose)
        values = values_for(found.recipient, given, bits=found.condition_bits)

        def filled() -> Preview:
            bodies = bodies_of(content)
            return preview_program(content["subject"], bodies.text, bodies.html, values)

        return self.framed(filled)
