from django.urls import path

from apps.mailings.views.suppressing.domains import BlockedDomainRemove, BlockedDomains
from apps.mailings.views.suppressing.lists import (
    SuppressionAdd,
    SuppressionHistory,
    SuppressionLift,
    SuppressionList,
)

app_name = "suppressions"

urlpatterns = [
    path("suppressions/", SuppressionList.as_view(), name="list"),
    path("suppressions/new/", SuppressionAdd.as_view(), name="add"),
    path("suppressions/history/", SuppressionHistory.as_view(), name="history"),
    path("suppressions/export/<slug:form>/", SuppressionList.as_view(), name="export"),
    path("suppressions/<int:pk>/lift/", SuppressionLift.as_view(), name="lift"),
    path("management/domains/", BlockedDomains.as_view(), name="domains"),
    path(
        "management/domains/<int:pk>/remove/",
        BlockedDomainRemove.as_view(),
        name="unblock_domain",
    ),
]
