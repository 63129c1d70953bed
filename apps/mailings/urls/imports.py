from django.urls import path

from apps.mailings.views.imports import (
    ImportCounts,
    ImportDetail,
    ImportDiscard,
    ImportRejects,
    ImportSample,
    ImportStart,
    ImportUndo,
)

app_name = "imports"

urlpatterns = [
    path("recipients/import/", ImportStart.as_view(), name="start"),
    path("recipients/import/sample/", ImportSample.as_view(), name="sample"),
    path("recipients/import/<int:pk>/", ImportDetail.as_view(), name="detail"),
    path("recipients/import/<int:pk>/counts/", ImportCounts.as_view(), name="counts"),
    path("recipients/import/<int:pk>/rejects/", ImportRejects.as_view(), name="rejects"),
    path("recipients/import/<int:pk>/discard/", ImportDiscard.as_view(), name="discard"),
    path("recipients/import/<int:pk>/undo/", ImportUndo.as_view(), name="undo"),
]
