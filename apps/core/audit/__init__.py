"""Who changed what: facts for the audit log, taken where rows are written.

The models say by ``audit`` what is kept of them; ``AuditedModel`` and ``AuditedQuerySet`` note
every write in its own transaction. What is no write of such a row (a sign-in, an export, the
start of a run) is noted by ``record``. The log itself is a table of a higher app, behind a slot.
"""
