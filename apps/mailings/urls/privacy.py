from django.urls import path

from apps.mailings.views.privacy.copies import CopyFile, CopyPage
from apps.mailings.views.privacy.erasures import (
    AllowAgain,
    Certificate,
    ErasureAsk,
    ErasureDetail,
    ErasureList,
)
from apps.mailings.views.privacy.retention import RetentionPage
from apps.mailings.views.privacy.sunset import SunsetDetail, SunsetList

app_name = "privacy"

urlpatterns = [
    path("sunset/", SunsetList.as_view(), name="sunsets"),
    path("sunset/<int:pk>/", SunsetDetail.as_view(), name="sunset"),
    path("management/retention/", RetentionPage.as_view(), name="retention"),
    path("recipients/erasures/", ErasureList.as_view(), name="erasures"),
    path("recipients/erasures/allow/", AllowAgain.as_view(), name="allow"),
    path("recipients/erasures/<int:pk>/", ErasureDetail.as_view(), name="erasure"),
    path("recipients/erasures/<int:pk>/certificate/", Certificate.as_view(), name="certificate"),
    path("recipients/<int:pk>/erasure/", ErasureAsk.as_view(), name="erase"),
    path("recipients/<int:pk>/data/", CopyPage.as_view(), name="data"),
    path("recipients/<int:pk>/data/<int:number>/", CopyFile.as_view(), name="copy"),
]
