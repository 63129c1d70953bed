"""The SQL of an import about lists: who is put on which, ended, or left as the person wanted.

What differs between the databases is filled in by staging: ``{each_word}``, ``{name}`` and
``{status}`` of the pairs of a row, ``{at_…}`` for moments, ``{texts}`` and ``{ip}``.
"""

from __future__ import annotations

from typing import Final

from apps.mailings.importing.staging.sql import RECIPIENT, SUPPRESSION
from apps.mailings.models import Consent, Subscription
from apps.mailings.models.audience import ADDRESS, MESSENGERS

CONSENT: Final = Consent._meta.db_table
SUBSCRIPTION: Final = Subscription._meta.db_table

CREATE_LIST: Final = (
    "CREATE TEMPORARY TABLE import_list (name text PRIMARY KEY, list_id bigint NOT NULL,"
    " stated_id bigint)"
)
NAMES: Final = "SELECT DISTINCT {name} FROM import_stage s {each_word}"

_BARRED: Final = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} b WHERE {owned}b.channel = '{channel}'"
    f" AND b.address = {address})"
    for table, owned in ((SUPPRESSION, "b.owner_id = %(owner)s AND "), ("import_left", ""))
    for channel, address in (
        ("email", "COALESCE(s.email, r.email)"),
        ("phone", "COALESCE(s.phone, r.phone)"),
        *(
            (one, f"CAST(COALESCE(s.{ADDRESS[one]}, r.{ADDRESS[one]}) AS varchar(254))")
            for one in MESSENGERS
        ),
    )
)
#: ``step``: insert, end, same, or kept, where the person's own word stands against the row's.
CREATE_WORD: Final = f"""
CREATE TEMPORARY TABLE import_word AS
SELECT s.line, c.target, COALESCE(c.target, s.id) AS recipient_id, l.list_id,
    {{status}} AS status, o.id AS old_id,
    CASE WHEN {{status}} = 'sunset' THEN CASE WHEN o.id IS NULL THEN 'insert' ELSE 'same' END
        WHEN {{status}} = 'unsubscribed' THEN CASE WHEN o.id IS NULL THEN 'insert'
            WHEN o.status = 'unsubscribed' THEN 'same'
            WHEN o.since >= {{at_ended}} THEN 'kept' ELSE 'end' END
        WHEN o.status IN ('unsubscribed', 'sunset') THEN 'kept'
        WHEN o.status = 'unconfirmed' AND {{status}} = 'subscribed' THEN 'kept'
        WHEN o.id IS NOT NULL THEN 'same'
        WHEN {_BARRED} THEN 'kept' ELSE 'insert' END AS step
FROM import_claim c JOIN import_stage s ON s.line = c.line {{each_word}}
    JOIN import_list l ON l.name = {{name}}
    LEFT JOIN {SUBSCRIPTION} o ON o.recipient_id = c.target AND o.list_id = l.list_id
    LEFT JOIN {RECIPIENT} r ON r.id = c.target"""
COUNT_KEPT: Final = "SELECT count(DISTINCT line) FROM import_word WHERE step = 'kept'"
NOTE_CHANGED: Final = """
INSERT INTO import_changed (line) SELECT DISTINCT line FROM import_word
WHERE target IS NOT NULL AND step IN ('insert', 'end') ON CONFLICT DO NOTHING"""

STATED: Final = """
SELECT DISTINCT w.list_id FROM import_word w JOIN import_stage s ON s.line = w.line
WHERE w.step = 'insert' AND w.status = 'subscribed' AND s.said_at = ''"""
SET_STATED: Final = "UPDATE import_list SET stated_id = %(stated)s WHERE list_id = %(list)s"

_CONSENT: Final = f"""
INSERT INTO {CONSENT} (owner_id, recipient_id, list_id, channel, act, source, said_at, recorded_at,
    texts, language, ip, user_agent, page, by_import_id, actor, statement, evidence, who)
SELECT %(owner)s, w.recipient_id, w.list_id, '', {{act}}, 'import', {{said_at}}, %(now)s,
    {{texts}}, '', {{ip}}, '', '', CAST(%(added_by)s AS bigint), %(by)s, {{statement}},
    s.evidence, s.who
FROM import_word w JOIN import_stage s ON s.line = w.line WHERE {{which}} ON CONFLICT DO NOTHING"""
_WITHDRAWN: Final = "w.status = 'unsubscribed' AND w.step IN ('insert', 'end')"


def consents(parts: dict[str, str]) -> list[str]:
    """The statements that keep what the rows prove: consents given, and taken back."""
    given = {
        "act": "s.act",
        "said_at": parts["at_said"],
        "statement": "%(statement)s",
        "which": "w.status = 'subscribed' AND w.step = 'insert' AND s.said_at <> ''",
    }
    ended = {
        "act": "'withdrawn'",
        "said_at": f"COALESCE({parts['at_ended']}, %(now)s)",
        "statement": "s.why",
        "which": _WITHDRAWN,
    }
    return [_CONSENT.format(**{**parts, **one}) for one in (given, ended)]


SUBSCRIBE: Final = f"""
INSERT INTO {SUBSCRIPTION} (created_at, updated_at, list_id, recipient_id, status, since, ended_at,
    consent_id, "by")
SELECT %(now)s, %(now)s, w.list_id, w.recipient_id, w.status,
    COALESCE({{at_since}}, {{at_said}}, {{at_ended}}, %(now)s),
    CASE WHEN w.status IN ('unsubscribed', 'sunset') THEN COALESCE({{at_ended}}, %(now)s) END,
    CASE WHEN w.status <> 'subscribed' THEN NULL
        WHEN s.said_at = '' THEN
            (SELECT max(l.stated_id) FROM import_list l WHERE l.list_id = w.list_id)
        ELSE (SELECT max(k.id) FROM {CONSENT} k WHERE k.recipient_id = w.recipient_id
            AND k.list_id = w.list_id AND k.source = 'import' AND k.act = s.act
            AND k.evidence = s.evidence) END,
    'import'
FROM import_word w JOIN import_stage s ON s.line = w.line WHERE w.step = 'insert'
ON CONFLICT DO NOTHING"""

#: New people of whom the file says nothing but that their confirmation is open.
NOTE_UNCONFIRMED: Final = f"""
UPDATE {RECIPIENT} SET unconfirmed_since = %(now)s
FROM import_word w WHERE {RECIPIENT}.id = w.recipient_id AND w.target IS NULL
    AND w.status = 'unconfirmed' AND w.step = 'insert' AND NOT EXISTS (
    SELECT 1 FROM import_word o WHERE o.line = w.line AND o.status = 'subscribed')"""

END: Final = f"""
UPDATE {SUBSCRIPTION} SET status = 'unsubscribed', "by" = 'import', updated_at = %(now)s,
    ended_at = COALESCE({{at_ended}}, %(now)s)
FROM import_word w JOIN import_stage s ON s.line = w.line
WHERE {SUBSCRIPTION}.id = w.old_id AND w.step = 'end'"""
