from django.urls import path

from apps.mailings.views.agents.start_requests import DeclineStart
from apps.mailings.views.deliveries import DeliveryDetail, Letter
from apps.mailings.views.engagement.again import WriteAgain
from apps.mailings.views.experiments.page import ExperimentPage
from apps.mailings.views.feeds.page import FeedPage
from apps.mailings.views.frequency import FrequencyFigures, FrequencyPage
from apps.mailings.views.letters.languages import MailingLanguages
from apps.mailings.views.letters.personal_files import DeliveryFileView
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
from apps.mailings.views.publishing.archive import ArchiveSettings, PublishMailing
from apps.mailings.views.runs import RunDetail
from apps.mailings.views.why import MailingWhy, RunWhy

app_name = "mailings"

urlpatterns = [
    path("mailings/", MailingList.as_view(), name="list"),
    path("mailings/new/", MailingCreate.as_view(), name="create"),
    path("mailings/archive/", ArchiveSettings.as_view(), name="archive"),
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
    path("mailings/<int:pk>/decline-start/", DeclineStart.as_view(), name="decline_start"),
    path("mailings/<int:pk>/publish/", PublishMailing.as_view(), name="publish"),
    path("mailings/<int:pk>/experiment/", ExperimentPage.as_view(), name="experiment"),
    path("mailings/<int:pk>/feed/", FeedPage.as_view(), name="feed"),
    path("mailings/<int:pk>/languages/", MailingLanguages.as_view(), name="languages"),
    path("mailings/<int:pk>/why/", MailingWhy.as_view(), name="why"),
    path("mailings/<int:pk>/runs/<int:number>/why/", RunWhy.as_view(), name="run_why"),
    path("mailings/<int:pk>/runs/<int:number>/", RunDetail.as_view(), name="run"),
    path("mailings/<int:pk>/runs/<int:number>/again/", WriteAgain.as_view(), name="again"),
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
    path(
        "mailings/<int:pk>/runs/<int:number>/deliveries/<int:delivery_id>/files/<int:file_number>/",
        DeliveryFileView.as_view(),
        name="delivery_file",
    ),
]
