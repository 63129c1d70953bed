from django.urls import path

from apps.users.views import Avatar, Profile, RevokeToken, Tokens

app_name = "users"

urlpatterns = [
    path("profile/", Profile.as_view(), name="profile"),
    path("profile/tokens/", Tokens.as_view(), name="tokens"),
    path("profile/tokens/<int:pk>/revoke/", RevokeToken.as_view(), name="revoke_token"),
    path("profile/avatar/<int:pk>/", Avatar.as_view(), name="avatar"),
]
