from django.urls import path

from apps.reports.views.reports import MailingReport, ReportList

app_name = "reports"

urlpatterns = [
    path("reports/", ReportList.as_view(), name="list"),
    path("reports/<int:pk>/", MailingReport.as_view(), name="mailing"),
    path("reports/export/<slug:form>/", ReportList.as_view(), name="export"),
]
