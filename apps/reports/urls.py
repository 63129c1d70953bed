"""The pages that count across apps, in the namespaces by which others link to them."""

from django.urls import include, path

from apps.reports.views.attempts import AllAttempts, AttemptDetail, AttemptList
from apps.reports.views.audit import AuditList
from apps.reports.views.engagement import ClickMapFrame, EngagementExport
from apps.reports.views.home import Home, HomeFigures
from apps.reports.views.mailing_report import MailingReport, MailingReportExport
from apps.reports.views.notifications import NotificationList, NotificationRead
from apps.reports.views.reports import GlobalReports, ReportByUser, ReportList
from apps.reports.views.styleguide import Styleguide
from apps.reports.views.system import SystemPage
from apps.reports.views.timeline import RecipientTimeline
from apps.reports.views.trends import Trends
from apps.reports.views.users import (
    UserBlockPage,
    UserManagementListView,
    UserPage,
    UserPauseView,
    UserProbationView,
    UserToggleActiveView,
)

_ATTEMPTS = [
    path("", AttemptList.as_view(), name="list"),
    path("<int:pk>/", AttemptDetail.as_view(), name="detail"),
    path("export/<slug:form>/", AttemptList.as_view(), name="export"),
]
_REPORTS = [
    path("", ReportList.as_view(), name="list"),
    path("trends/", Trends.as_view(), name="trends"),
    path("<int:pk>/", MailingReport.as_view(), name="mailing"),
    path("<int:pk>/export/<slug:form>/", MailingReportExport.as_view(), name="mailing_export"),
    path("export/<slug:form>/", ReportList.as_view(), name="export"),
    path(
        "<int:pk>/runs/<int:number>/letter/<int:version>/",
        ClickMapFrame.as_view(),
        name="click_map_frame",
    ),
    path(
        "<int:pk>/runs/<int:number>/export/<slug:form>/",
        EngagementExport.as_view(),
        name="engagement_export",
    ),
]
_MANAGEMENT = [
    path("users/", UserManagementListView.as_view(), name="users"),
    path("users/<int:pk>/", UserPage.as_view(), name="user"),
    path("users/<int:pk>/block/", UserBlockPage.as_view(), name="block_user"),
    path("users/<int:pk>/toggle/", UserToggleActiveView.as_view(), name="toggle_user"),
    path("users/<int:pk>/probation/", UserProbationView.as_view(), name="end_probation"),
    path("users/<int:pk>/pause/", UserPauseView.as_view(), name="lift_pause"),
    path("system/", SystemPage.as_view(), name="system"),
    path("audit/", AuditList.as_view(), name="audit"),
    path("audit/export/<slug:form>/", AuditList.as_view(), name="audit_export"),
    path("attempts/", AllAttempts.as_view(), name="attempts"),
    path("attempts/export/<slug:form>/", AllAttempts.as_view(), name="attempts_export"),
    path("reports/", GlobalReports.as_view(), name="reports"),
    path("reports/export/<slug:form>/", GlobalReports.as_view(), name="reports_export"),
    path("reports/users/<slug:form>/", ReportByUser.as_view(), name="reports_by_user"),
]
_NOTICES = [
    path("", NotificationList.as_view(), name="list"),
    path("read/", NotificationRead.as_view(), name="read"),
]
_TIMELINES = [
    path("<int:pk>/timeline/", RecipientTimeline.as_view(), name="recipient"),
]

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("figures/", HomeFigures.as_view(), name="home_figures"),
    path("attempts/", include((_ATTEMPTS, "attempts"))),
    path("reports/", include((_REPORTS, "reports"))),
    path("management/", include((_MANAGEMENT, "management"))),
    path("notices/", include((_NOTICES, "notices"))),
    path("recipients/", include((_TIMELINES, "timelines"))),
    path("styleguide/", Styleguide.as_view(), name="styleguide"),
]
