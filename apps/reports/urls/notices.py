from django.urls import path

from apps.reports.views.notifications import NoticeList, NoticeRead

app_name = "notices"

urlpatterns = [
    path("notices/", NoticeList.as_view(), name="list"),
    path("notices/read/", NoticeRead.as_view(), name="read"),
]
