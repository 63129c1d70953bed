from django.urls import path, re_path

from apps.mailings.views.media.cropping import MediaCrop
from apps.mailings.views.media.library import MediaList, MediaTable
from apps.mailings.views.media.picker import MediaPicker
from apps.mailings.views.media.picture import MediaDelete, MediaDetail, MediaReplace
from apps.mailings.views.media.public import MediaContent

app_name = "media"

urlpatterns = [
    re_path(
        r"^m/(?P<token>[a-z2-7]{24})/(?P<width>[1-9][0-9]{0,4})\.(?P<ending>jpg|png|gif)$",
        MediaContent.as_view(),
        name="file",
    ),
    path("media/", MediaList.as_view(), name="list"),
    path("media/table/", MediaTable.as_view(), name="table"),
    path("media/picker/", MediaPicker.as_view(), name="picker"),
    path("media/<int:pk>/", MediaDetail.as_view(), name="detail"),
    path("media/<int:pk>/crop/", MediaCrop.as_view(), name="crop"),
    path("media/<int:pk>/replace/", MediaReplace.as_view(), name="replace"),
    path("media/<int:pk>/delete/", MediaDelete.as_view(), name="delete"),
]
