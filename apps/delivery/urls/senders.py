from django.urls import path

from apps.delivery.views.senders import (
    SenderAct,
    SenderConfirm,
    SenderDetail,
    SenderEdit,
    SenderList,
    SenderNew,
)

app_name = "senders"

urlpatterns = [
    path("senders/", SenderList.as_view(), name="list"),
    path("senders/new/", SenderNew.as_view(), name="new"),
    path("senders/confirm/<str:token>/", SenderConfirm.as_view(), name="confirm"),
    path("senders/<int:pk>/", SenderDetail.as_view(), name="detail"),
    path("senders/<int:pk>/edit/", SenderEdit.as_view(), name="edit"),
    path("senders/<int:pk>/<slug:act>/", SenderAct.as_view(), name="act"),
]
