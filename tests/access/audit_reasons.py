"""What leaves no entry in the audit log, each with its reason. A new one without a reason fails."""

from __future__ import annotations

from typing import Final

LEDGER: Final = "a ledger of its own: what became of each delivery"
ENGAGEMENT: Final = "openings and clicks, counted by the program"
COUNTED: Final = "figures that the program keeps up to date"
JOURNAL: Final = "append-only itself, and says who"
DRAFT: Final = "what is typed and not saved yet; the message that is saved is noted"
DERIVED: Final = "follows from a row that is noted"
RECIPIENTS_OWN: Final = "a recipient's own way in; what becomes of it is noted"
PROGRAM: Final = "the program's own, for itself"

#: Models whose rows are not noted.
MODELS: Final[dict[str, str]] = {
    "users.Notification": PROGRAM,
    "users.FormSubmission": PROGRAM,
    "users.KeptForm": DRAFT,
    "users.AuditEntry": "the log itself",
    "users.AuditOpening": "the log itself",
    "mailings.RecipientTag": "noted as tagged and untagged (services.recipients)",
    "mailings.Suppression": "each change is a SuppressionEvent, which is noted",
    "mailings.MessageVersion": DERIVED,
    "mailings.MessageDraft": DRAFT,
    "mailings.DraftStep": DRAFT,
    "mailings.Consent": JOURNAL,
    "mailings.Activity": COUNTED,
    "mailings.ActivityMark": COUNTED,
    "mailings.Run": "starts, pauses and stops are noted as acts on the mailing",
    "mailings.RunRoute": LEDGER,
    "mailings.RunContent": LEDGER,
    "mailings.Delivery": LEDGER,
    "mailings.Attempt": LEDGER,
    "mailings.Engagement": ENGAGEMENT,
    "mailings.EngagementHour": ENGAGEMENT,
    "mailings.EngagementShare": ENGAGEMENT,
    "mailings.EngagementSpool": ENGAGEMENT,
    "mailings.FirstReaction": ENGAGEMENT,
    "mailings.LinkEngagement": ENGAGEMENT,
    "mailings.TrackedLink": ENGAGEMENT,
    "mailings.WaitingEngagement": ENGAGEMENT,
    "mailings.ContentUse": DERIVED,
    "mailings.MediaRendition": DERIVED,
    "mailings.FeedItem": "what a feed said; its feed is noted",
    "mailings.FeedCheck": JOURNAL,
    "mailings.FileArchiveEntry": DERIVED,
    "mailings.RunFiles": LEDGER,
    "mailings.DeliveryFile": LEDGER,
    "mailings.SavedBlockVersion": DERIVED,
    "mailings.Tombstone": "made by an erasure, which is noted; it names nobody",
    "mailings.FrequencyGate": COUNTED,
    "mailings.RetentionRun": "each removal is noted as cleaned",
    "mailings.SignupFormVersion": DERIVED,
    "mailings.SendingCount": COUNTED,
    "mailings.CountedAttempts": COUNTED,
    "mailings.Reputation": "what lifts a stop is noted as such",
    "delivery.LimitWindow": COUNTED,
    "delivery.WorkerLease": PROGRAM,
    "delivery.SystemMessage": PROGRAM,
    "delivery.Heartbeat": PROGRAM,
    "delivery.SendLatency": COUNTED,
    "delivery.DomainReport": COUNTED,
    "delivery.Preflight": "a check: it changes nothing",
    "feedback.Event": JOURNAL,
    "feedback.MessengerLink": RECIPIENTS_OWN,
    "feedback.PublicLink": RECIPIENTS_OWN,
    "feedback.Signup": RECIPIENTS_OWN,
    "feedback.SignupCounts": COUNTED,
    "feedback.SignupWindow": PROGRAM,
    "feedback.UsedChallenge": PROGRAM,
    "feedback.ConfirmationEmail": DERIVED,
    "automations.AutomationVersion": "the automation is noted when one becomes its current one",
    "automations.Step": DERIVED,
    "automations.StepMailing": DERIVED,
    "automations.Enrolment": "a ledger of its own; what a person does to them is noted as an act",
    "automations.StepDone": "a ledger of its own: what each person went through",
    "automations.AutomationEvent": JOURNAL,
    "automations.SegmentPresence": COUNTED,
    "api.IdempotentCall": PROGRAM,
    "webhooks.WebhookCall": "a log of its own: each call and its answer",
    "webhooks.ReportedRun": PROGRAM,
    "webhooks.ReportedImport": PROGRAM,
}

#: Modules that write past the models: by SQL of their own, or by what asks no model.
PAST_THE_MODELS: Final[dict[str, str]] = {
    "apps/automations/clock.py": "reads",
    "apps/automations/enrolling.py": MODELS["automations.Enrolment"],
    "apps/automations/triggers/segments.py": COUNTED,
    "apps/core/deletion/cascade.py": "its root is deleted by its model, which notes it",
    "apps/delivery/backup/restoring.py": "noted as restored by the command",
    "apps/delivery/backup/sequences.py": "noted as restored by the command",
    "apps/delivery/backup/tables.py": "noted as restored by the command",
    "apps/delivery/backup/taking.py": "reads",
    "apps/delivery/doctor/database.py": "reads",
    "apps/delivery/engine/limits/rate_limiter.py": COUNTED,
    "apps/delivery/scheduling/advisory_slots.py": "locks, no rows",
    "apps/feedback/engagement/counting/sums.py": ENGAGEMENT,
    "apps/feedback/services/incoming/keeping.py": JOURNAL,
    "apps/feedback/services/signups/windows.py": PROGRAM,
    "apps/mailings/horizon.py": "reads",
    "apps/mailings/importing/sources/sql.py": "reads another database",
    "apps/mailings/importing/staging/backends.py": "noted as imported",
    "apps/mailings/importing/staging/tables.py": "noted as imported",
    "apps/mailings/ledger/audit.py": LEDGER,
    "apps/mailings/ledger/claim.py": LEDGER,
    "apps/mailings/ledger/claim_in_hours.py": LEDGER,
    "apps/mailings/ledger/delivery_reports.py": LEDGER,
    "apps/mailings/ledger/dialect.py": LEDGER,
    "apps/mailings/ledger/freeze.py": LEDGER,
    "apps/mailings/ledger/permission/frequency.py": LEDGER,
    "apps/mailings/ledger/reach.py": "reads",
    "apps/mailings/ledger/record.py": LEDGER,
    "apps/mailings/ledger/routes.py": LEDGER,
    "apps/mailings/ledger/runs.py": LEDGER,
    "apps/mailings/ledger/staging/moves.py": LEDGER,
    "apps/mailings/ledger/transitions.py": LEDGER,
    "apps/mailings/ledger/waits.py": "reads",
    "apps/mailings/recipient_export.py": "reads",
    "apps/mailings/segments/attribute_indexes.py": "reads",
    "apps/mailings/services/permission/frequency.py": "locks, no rows",
    "apps/mailings/services/privacy/retention.py": "noted as cleaned",
    "apps/mailings/services/segmentation/activity.py": COUNTED,
    "apps/mailings/services/segmentation/attribute_indexes.py": "indexes, no rows",
    "apps/mailings/suppression/suppressing.py": MODELS["mailings.Suppression"],
}

_FAKED: Final = (
    "the dispatcher of the walk only takes notes; tests/delivery/engine/test_noting"
)
_ASKS: Final = "changes nothing"

#: Calls of the API that may change something and leave no entry where they are walked.
CALLS: Final[dict[str, str]] = {
    **dict.fromkeys(("pause", "replace_content", "reset", "resolve_unknown", "resume"), _FAKED),
    **dict.fromkeys(("retry_failed", "send_remaining", "skip", "start", "stop"), _FAKED),
    "test_message": _FAKED,
    "send": MODELS["mailings.Delivery"],
    "convert_message": _ASKS,
    "import_message": _ASKS,
    "preview_audience": _ASKS,
    "run_preflight": _ASKS,
    "search": _ASKS,
    "read_feed": "asks the program to read it now",
    "release_signups": "nobody of the walk is held",
    "drop_signups": "nobody of the walk is held",
    "search_sunset": "nobody of the walk is found",
    "withdraw": "the walk's mailing is not public",
    "restore_list": "the walk's list is in use",
    "publish_form": "the walk's form is published already",
}
