from django.urls import path

from apps.mailings.views.lists.consents import ConsentExport
from apps.mailings.views.lists.members import ListMembers, MemberAdd, MemberRemove
from apps.mailings.views.lists.pages import (
    ListArchive,
    ListCreate,
    ListEdit,
    ListFromTag,
    ListRestore,
    MailingLists,
)

app_name = "lists"

urlpatterns = [
    path("lists/", MailingLists.as_view(), name="list"),
    path("lists/new/", ListCreate.as_view(), name="create"),
    path("lists/from-tag/", ListFromTag.as_view(), name="from_tag"),
    path("lists/<int:pk>/", ListMembers.as_view(), name="detail"),
    path("lists/<int:pk>/export/<slug:form>/", ListMembers.as_view(), name="export"),
    path(
        "lists/<int:pk>/consents/export/<slug:form>/",
        ConsentExport.as_view(),
        name="consents_export",
    ),
    path("lists/<int:pk>/edit/", ListEdit.as_view(), name="edit"),
    path("lists/<int:pk>/archive/", ListArchive.as_view(), name="archive"),
    path("lists/<int:pk>/restore/", ListRestore.as_view(), name="restore"),
    path("lists/<int:pk>/members/add/", MemberAdd.as_view(), name="add"),
    path("lists/<int:pk>/members/<int:number>/remove/", MemberRemove.as_view(), name="remove"),
]
