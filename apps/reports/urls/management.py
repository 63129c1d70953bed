from django.urls import path

from apps.reports.views.attempts import AllAttempts
from apps.reports.views.reports import GlobalReports
from apps.reports.views.users import (
    UserManagementListView,
    UserPauseView,
    UserProbationView,
    UserToggleActiveView,
)

app_name = "management"

urlpatterns = [
    path("management/users/", UserManagementListView.as_view(), name="users"),
    path("management/users/<int:pk>/toggle/", UserToggleActiveView.as_view(), name="toggle_user"),
    path("management/users/<int:pk>/probation/", UserProbationView.as_view(), name="end_probation"),
    path("management/users/<int:pk>/pause/", UserPauseView.as_view(), name="lift_pause"),
    path("management/attempts/", AllAttempts.as_view(), name="attempts"),
    path("management/reports/", GlobalReports.as_view(), name="reports"),
]
