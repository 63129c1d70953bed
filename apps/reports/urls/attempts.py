from django.urls import path

from apps.reports.views.attempts import AttemptDetail, AttemptList

app_name = "attempts"

urlpatterns = [
    path("attempts/", AttemptList.as_view(), name="list"),
    path("attempts/<int:pk>/", AttemptDetail.as_view(), name="detail"),
    path("attempts/export/<slug:form>/", AttemptList.as_view(), name="export"),
]
