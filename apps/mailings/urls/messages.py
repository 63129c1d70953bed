from django.urls import path

from apps.mailings.views.attachments import AttachmentAdd, AttachmentFile, AttachmentRemove
from apps.mailings.views.message_tests import MessageTest, Samples
from apps.mailings.views.messages import (
    MessageCreate,
    MessageDelete,
    MessageDetail,
    MessageDiscard,
    MessageDuplicate,
    MessageEdit,
    MessageFix,
    MessageList,
    MessageRestore,
    VersionDetail,
)
from apps.mailings.views.previews import SavedFrame, TypedFrame, VersionFrame

app_name = "messages"

urlpatterns = [
    path("messages/", MessageList.as_view(), name="list"),
    path("messages/new/", MessageCreate.as_view(), name="create"),
    path("messages/samples/", Samples.as_view(), name="samples"),
    path("messages/preview/", TypedFrame.as_view(), name="preview"),
    path("messages/<int:pk>/", MessageDetail.as_view(), name="detail"),
    path("messages/<int:pk>/edit/", MessageEdit.as_view(), name="edit"),
    path("messages/<int:pk>/delete/", MessageDelete.as_view(), name="delete"),
    path("messages/<int:pk>/restore/", MessageRestore.as_view(), name="restore"),
    path("messages/<int:pk>/duplicate/", MessageDuplicate.as_view(), name="duplicate"),
    path("messages/<int:pk>/discard/", MessageDiscard.as_view(), name="discard"),
    path("messages/<int:pk>/fix/", MessageFix.as_view(), name="fix"),
    path("messages/<int:pk>/test/", MessageTest.as_view(), name="test"),
    path("messages/<int:pk>/attachments/", AttachmentAdd.as_view(), name="attach"),
    path(
        "messages/<int:pk>/attachments/<int:attachment_id>/",
        AttachmentFile.as_view(),
        name="attachment",
    ),
    path(
        "messages/<int:pk>/attachments/<int:attachment_id>/remove/",
        AttachmentRemove.as_view(),
        name="detach",
    ),
    path("messages/<int:pk>/frame/", SavedFrame.as_view(), name="frame"),
    path("messages/<int:pk>/versions/<int:number>/", VersionDetail.as_view(), name="version"),
    path(
        "messages/<int:pk>/versions/<int:number>/frame/",
        VersionFrame.as_view(),
        name="version_frame",
    ),
]
