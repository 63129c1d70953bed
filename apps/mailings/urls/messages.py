from django.urls import path

from apps.mailings.views.attachments import AttachmentAdd, AttachmentFile, AttachmentRemove
from apps.mailings.views.letters.canvas import LetterCanvas, Paste
from apps.mailings.views.letters.editor import MessageEditor, MessageNew, Thumbnail
from apps.mailings.views.letters.look import LetterLook
from apps.mailings.views.letters.operations import LetterOperations, LetterRedo, LetterUndo
from apps.mailings.views.letters.parts import LetterAdd, LetterMove, LetterPart, LetterTheme
from apps.mailings.views.letters.personal_files import (
    PersonalArchive,
    PersonalFileAdd,
    PersonalFileEdit,
    PersonalFileList,
    PersonalFileRemove,
)
from apps.mailings.views.letters.saved import LetterKeep, LetterUnlink
from apps.mailings.views.letters.sources.converting import ConvertedFrame, MessageConvert
from apps.mailings.views.letters.sources.importing import LetterImport, LetterOpen
from apps.mailings.views.letters.translations import (
    Translation,
    TranslationRemove,
    Translations,
)
from apps.mailings.views.message_tests import MessageTest, Samples
from apps.mailings.views.messages import (
    MessageDelete,
    MessageDetail,
    MessageDiscard,
    MessageDuplicate,
    MessageFix,
    MessageList,
    MessageRestore,
    VersionDetail,
)
from apps.mailings.views.previews import SavedFrame, TypedFrame, VersionFrame

app_name = "messages"

urlpatterns = [
    path("messages/", MessageList.as_view(), name="list"),
    path("messages/new/", MessageNew.as_view(), name="create"),
    path("messages/samples/", Samples.as_view(), name="samples"),
    path("messages/gallery/<slug:slug>.webp", Thumbnail.as_view(), name="thumbnail"),
    path("messages/import/", LetterOpen.as_view(), name="import"),
    path("messages/import/draft/", LetterImport.as_view(), name="import_draft"),
    path("messages/paste/", Paste.as_view(), name="paste"),
    path("messages/preview/", TypedFrame.as_view(), name="preview"),
    path("messages/<int:pk>/", MessageDetail.as_view(), name="detail"),
    path("messages/<int:pk>/edit/", MessageEditor.as_view(), name="edit"),
    path("messages/<int:pk>/operations/", LetterOperations.as_view(), name="operations"),
    path("messages/<int:pk>/canvas/", LetterCanvas.as_view(), name="canvas"),
    path("messages/<int:pk>/look/", LetterLook.as_view(), name="look"),
    path("messages/<int:pk>/undo/", LetterUndo.as_view(), name="undo"),
    path("messages/<int:pk>/redo/", LetterRedo.as_view(), name="redo"),
    path("messages/<int:pk>/theme/", LetterTheme.as_view(), name="theme"),
    path("messages/<int:pk>/parts/<slug:node>/", LetterPart.as_view(), name="part"),
    path("messages/<int:pk>/parts/<slug:node>/move/", LetterMove.as_view(), name="move"),
    path("messages/<int:pk>/parts/<slug:node>/add/", LetterAdd.as_view(), name="add"),
    path("messages/<int:pk>/convert/", MessageConvert.as_view(), name="convert"),
    path("messages/<int:pk>/convert/frame/", ConvertedFrame.as_view(), name="convert_frame"),
    path("messages/<int:pk>/parts/<slug:node>/keep/", LetterKeep.as_view(), name="keep"),
    path("messages/<int:pk>/parts/<slug:node>/unlink/", LetterUnlink.as_view(), name="unlink"),
    path("messages/<int:pk>/translations/", Translations.as_view(), name="translations"),
    path(
        "messages/<int:pk>/translations/<slug:language>/",
        Translation.as_view(),
        name="translation",
    ),
    path(
        "messages/<int:pk>/translations/<slug:language>/remove/",
        TranslationRemove.as_view(),
        name="translation_remove",
    ),
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
    path("messages/<int:pk>/files/", PersonalFileList.as_view(), name="personal_files"),
    path("messages/<int:pk>/files/new/", PersonalFileAdd.as_view(), name="personal_file_add"),
    path(
        "messages/<int:pk>/files/<int:file_id>/", PersonalFileEdit.as_view(), name="personal_file"
    ),
    path(
        "messages/<int:pk>/files/<int:file_id>/remove/",
        PersonalFileRemove.as_view(),
        name="personal_file_remove",
    ),
    path(
        "messages/<int:pk>/files/<int:file_id>/archive/",
        PersonalArchive.as_view(),
        name="personal_archive",
    ),
    path("messages/<int:pk>/frame/", SavedFrame.as_view(), name="frame"),
    path("messages/<int:pk>/versions/<int:number>/", VersionDetail.as_view(), name="version"),
    path(
        "messages/<int:pk>/versions/<int:number>/frame/",
        VersionFrame.as_view(),
        name="version_frame",
    ),
]
