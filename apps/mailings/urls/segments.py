from django.urls import path

from apps.mailings.views.segments.pages import (
    SegmentArchive,
    SegmentBuilder,
    SegmentDetail,
    SegmentExport,
    SegmentList,
)

app_name = "segments"

urlpatterns = [
    path("segments/", SegmentList.as_view(), name="list"),
    path("segments/new/", SegmentBuilder.as_view(), name="create"),
    path("segments/<int:pk>/", SegmentDetail.as_view(), name="detail"),
    path("segments/<int:pk>/edit/", SegmentBuilder.as_view(), name="edit"),
    path("segments/<int:pk>/export/<slug:form>/", SegmentExport.as_view(), name="export"),
    path(
        "segments/<int:pk>/archive/", SegmentArchive.as_view(), {"act": "archive"}, name="archive"
    ),
    path(
        "segments/<int:pk>/restore/", SegmentArchive.as_view(), {"act": "restore"}, name="restore"
    ),
]
