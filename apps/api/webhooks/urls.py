from django.urls import path

from apps.api.webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("profile/webhooks/", views.WebhookList.as_view(), name="list"),
    path("profile/webhooks/<int:pk>/", views.WebhookDetail.as_view(), name="detail"),
    path("profile/webhooks/<int:pk>/rotate/", views.WebhookRotate.as_view(), name="rotate"),
    path("profile/webhooks/<int:pk>/delete/", views.WebhookDelete.as_view(), name="delete"),
    path("profile/webhooks/calls/<int:pk>/", views.CallDetail.as_view(), name="call"),
    path("profile/webhooks/calls/<int:pk>/again/", views.CallAgain.as_view(), name="again"),
]
