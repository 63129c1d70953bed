from django.urls import path

from apps.delivery.views.probes import ProbeDetail, ProbeList

app_name = "probes"

urlpatterns = [
    path("probes/", ProbeList.as_view(), name="list"),
    path("probes/<int:pk>/", ProbeDetail.as_view(), name="detail"),
]
