"""What came back about one delivery: a page, and a part of the delivery's own page."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from apps.core.mixins import OwnerFilterMixin, TwoTemplatesMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Delivery


class DeliveryEvents(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """The events of a delivery, newest first."""

    page_template = "feedback/news_page.html"
    results_template_name = "feedback/news_part.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows: OwnedQuerySet[Delivery] = Delivery.objects.all()
        found = rows.select_related("run__mailing").defer("run__content")
        delivery = self.visible_or_404(found, pk=self.kwargs["pk"])
        return super().get_context_data(
            delivery=delivery,
            run=delivery.run,
            mailing=delivery.run.mailing,
            events=delivery.events.order_by("-pk")[:50],
            **kwargs,
        )
