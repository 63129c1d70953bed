from django.urls import path

from apps.reports.views.notifications import NotificationList, NotificationRead

app_name = "notices"

urlpatterns = [
    path("notices/", NotificationList.as_view(), name="list"),
    path("notices/read/", NotificationRead.as_view(), name="read"),
]
