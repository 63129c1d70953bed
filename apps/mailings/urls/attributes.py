from django.urls import path

from apps.mailings.views.segments.attributes import (
    AttributeArchive,
    AttributeCreate,
    AttributeEdit,
    AttributeList,
    AttributeMisfits,
)

app_name = "attributes"

urlpatterns = [
    path("attributes/", AttributeList.as_view(), name="list"),
    path("attributes/new/", AttributeCreate.as_view(), name="create"),
    path("attributes/<int:pk>/", AttributeEdit.as_view(), name="edit"),
    path("attributes/<int:pk>/misfits/", AttributeMisfits.as_view(), name="misfits"),
    path(
        "attributes/<int:pk>/misfits/export/<slug:form>/",
        AttributeMisfits.as_view(),
        name="misfits_export",
    ),
    path(
        "attributes/<int:pk>/archive/",
        AttributeArchive.as_view(),
        {"act": "archive"},
        name="archive",
    ),
    path(
        "attributes/<int:pk>/restore/",
        AttributeArchive.as_view(),
        {"act": "restore"},
        name="restore",
    ),
]
