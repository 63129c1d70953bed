from django.urls import path

from apps.mailings.views.imports import (
    ImportDetail,
    ImportDiscard,
    ImportRejects,
    ImportStart,
    ImportUndo,
)

app_name = "imports"

urlpatterns = [
    path("recipients/import/", ImportStart.as_view(), name="start"),
    path("recipients/import/<int:pk>/", ImportDetail.as_view(), name="detail"),
    path("recipients/import/<int:pk>/rejects/", ImportRejects.as_view(), name="rejects"),
    path("recipients/import/<int:pk>/discard/", ImportDiscard.as_view(), name="discard"),
    path("recipients/import/<int:pk>/undo/", ImportUndo.as_view(), name="undo"),
]
