from django.urls import path

from apps.mailings.views.reuse.templates import (
    MessageAsTemplate,
    TemplateContent,
    TemplateDelete,
    TemplateEdit,
    TemplateFrame,
    TemplateList,
)

app_name = "templates"

urlpatterns = [
    path("templates/", TemplateList.as_view(), name="list"),
    path("templates/<int:pk>/", TemplateEdit.as_view(), name="edit"),
    path("templates/<int:pk>/content/", TemplateContent.as_view(), name="content"),
    path("templates/<int:pk>/frame/", TemplateFrame.as_view(), name="frame"),
    path("templates/<int:pk>/delete/", TemplateDelete.as_view(), name="delete"),
    path("messages/<int:pk>/template/", MessageAsTemplate.as_view(), name="save"),
]
