from django.urls import path

from apps.reports.views.home import Home

urlpatterns = [path("", Home.as_view(), name="home")]
