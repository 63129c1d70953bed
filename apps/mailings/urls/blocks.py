from django.urls import path

from apps.mailings.views.reuse.blocks import (
    BlockDelete,
    BlockDetail,
    BlockEdit,
    BlockFrame,
    BlockList,
    BlockRestore,
    BlockVersion,
)

app_name = "blocks"

urlpatterns = [
    path("blocks/", BlockList.as_view(), name="list"),
    path("blocks/<int:pk>/", BlockDetail.as_view(), name="detail"),
    path("blocks/<int:pk>/edit/", BlockEdit.as_view(), name="edit"),
    path("blocks/<int:pk>/frame/", BlockFrame.as_view(), name="frame"),
    path("blocks/<int:pk>/delete/", BlockDelete.as_view(), name="delete"),
    path("blocks/<int:pk>/restore/", BlockRestore.as_view(), name="restore"),
    path("blocks/<int:pk>/versions/<int:number>/", BlockVersion.as_view(), name="version"),
]
