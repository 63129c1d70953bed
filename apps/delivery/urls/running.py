from django.urls import path

from apps.delivery.views.approvals import ApprovalDecision, ApprovalList, ApprovalPage
from apps.delivery.views.health import healthz, metrics, readyz
from apps.delivery.views.panel import Act, Confirm, Resolve, RunPanel
from apps.delivery.views.preflight import PreflightPage
from apps.delivery.views.queue import Queue, QueuePoll

app_name = "delivery"

urlpatterns = [
    path("mailings/<int:pk>/panel/", RunPanel.as_view(), name="panel"),
    path("mailings/<int:pk>/confirm/<slug:verb>/", Confirm.as_view(), name="confirm"),
    *(
        path(f"mailings/<int:pk>/{verb}/", Act.as_view(verb=verb), name=verb)
        for verb in (
            "send",
            "pause",
            "resume",
            "stop",
            "retry",
            "remaining",
            "reset",
            "skip",
            "refresh",
        )
    ),
    path("mailings/<int:pk>/runs/<int:number>/resolve/", Resolve.as_view(), name="resolve"),
    path("mailings/<int:pk>/preflight/", PreflightPage.as_view(), name="preflight"),
    path("mailings/<int:pk>/approval/", ApprovalPage.as_view(), name="approval"),
    path("mailings/<int:pk>/approval/decision/", ApprovalDecision.as_view(), name="decide"),
    path("approvals/", ApprovalList.as_view(), name="approvals"),
    path("queue/", Queue.as_view(), name="queue"),
    path("queue/poll/", QueuePoll.as_view(), name="poll"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
