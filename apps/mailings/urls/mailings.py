from django.urls import path

from apps.mailings.views.mailings import MailingDetail, MailingList, RunDetail, ToggleMailing

app_name = "mailings"

urlpatterns = [
    path("mailings/", MailingList.as_view(), name="list"),
    path("mailings/<int:pk>/", MailingDetail.as_view(), name="detail"),
    path("mailings/<int:pk>/toggle/", ToggleMailing.as_view(), name="toggle"),
    path("mailings/<int:pk>/runs/<int:number>/", RunDetail.as_view(), name="run"),
]
