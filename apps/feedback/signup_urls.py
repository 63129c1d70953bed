from django.urls import path

from apps.feedback.views.asking import AskImport, AskList
from apps.feedback.views.consent_texts import ConsentTextCreate, ConsentTextEdit, ConsentTexts
from apps.feedback.views.form_pages import (
    FormClose,
    FormCreate,
    FormDelete,
    FormEdit,
    FormList,
    FormPreview,
    FormPublish,
)
from apps.feedback.views.form_signups import FormDetail, SignupActs

app_name = "forms"

urlpatterns = [
    path("forms/", FormList.as_view(), name="list"),
    path("forms/new/", FormCreate.as_view(), name="create"),
    path("forms/preview/", FormPreview.as_view(), name="preview"),
    path("forms/texts/", ConsentTexts.as_view(), name="texts"),
    path("forms/texts/new/", ConsentTextCreate.as_view(), name="text_create"),
    path("forms/texts/<slug:key>/", ConsentTextEdit.as_view(), name="text"),
    path("lists/<int:pk>/ask/", AskList.as_view(), name="ask_list"),
    path("recipients/import/<int:pk>/ask/", AskImport.as_view(), name="ask_import"),
    path("forms/<int:pk>/", FormDetail.as_view(), name="detail"),
    path("forms/<int:pk>/edit/", FormEdit.as_view(), name="edit"),
    path("forms/<int:pk>/publish/", FormPublish.as_view(), name="publish"),
    path("forms/<int:pk>/close/", FormClose.as_view(), name="close"),
    path("forms/<int:pk>/delete/", FormDelete.as_view(), name="delete"),
    path("forms/<int:pk>/signups/", SignupActs.as_view(), name="signups"),
    path("forms/<int:pk>/signups/export/<str:form>/", FormDetail.as_view(), name="export"),
]
