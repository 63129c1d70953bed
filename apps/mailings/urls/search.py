from django.urls import path

from apps.mailings.views.search import SearchPage

app_name = "search"

urlpatterns = [path("find/", SearchPage.as_view(), name="page")]
