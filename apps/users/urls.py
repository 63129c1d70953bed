from django.urls import path

from apps.users.views import Avatar, Profile

app_name = "users"

urlpatterns = [
    path("profile/", Profile.as_view(), name="profile"),
    path("profile/avatar/<int:pk>/", Avatar.as_view(), name="avatar"),
]
