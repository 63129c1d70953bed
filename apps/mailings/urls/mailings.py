from django.urls import path

from apps.mailings.views.deliveries import DeliveryDetail, Letter
from apps.mailings.views.frequency import FrequencyFigures, FrequencyPage
from apps.mailings.views.mailing_forms import (
    AudienceCount,
    MailingCreate,
    MailingDelete,
    MailingDuplicate,
    MailingEdit,
    MailingRestore,
    MailingReview,
)
from apps.mailings.views.mailings import MailingDetail, MailingList, ToggleMailing
from apps.mailings.views.runs import RunDetail
from apps.mailings.views.why import MailingWhy, RunWhy

app_name = "mailings"

urlpatterns = [
    path("mailings/", MailingList.as_view(), name="list"),
    path("mailings/new/", MailingCreate.as_view(), name="create"),
    path("frequency/", FrequencyPage.as_view(), name="frequency"),
    path("frequency/figures/", FrequencyFigures.as_view(), name="frequency_figures"),
    path("mailings/count/", AudienceCount.as_view(), name="count"),
    path("mailings/totals/", AudienceCount.as_view(totals_alone=True), name="totals"),
    path("mailings/<int:pk>/edit/", MailingEdit.as_view(), name="edit"),
    path("mailings/<int:pk>/review/", MailingReview.as_view(), name="review"),
    path("mailings/<int:pk>/delete/", MailingDelete.as_view(), name="delete"),
    path("mailings/<int:pk>/restore/", MailingRestore.as_view(), name="restore"),
    path("mailings/<int:pk>/duplicate/", MailingDuplicate.as_view(), name="duplicate"),
    path("mailings/<int:pk>/", MailingDetail.as_view(), name="detail"),
    path("mailings/<int:pk>/toggle/", ToggleMailing.as_view(), name="toggle"),
    path("mailings/<int:pk>/why/", MailingWhy.as_view(), name="why"),
    path("mailings/<int:pk>/runs/<int:number>/why/", RunWhy.as_view(), name="run_why"),
    path("mailings/<int:pk>/runs/<int:number>/", RunDetail.as_view(), name="run"),
    path(
        "mailings/<int:pk>/runs/<int:number>/export/<slug:form>/",
        RunDetail.as_view(),
        name="run_export",
    ),
    path(
        "mailings/<int:pk>/runs/<int:number>/deliveries/<int:delivery_id>/",
        DeliveryDetail.as_view(),
        name="delivery",
    ),
    path(
        "mailings/<int:pk>/runs/<int:number>/deliveries/<int:delivery_id>/letter/",
        Letter.as_view(),
        name="letter",
    ),
]
