"""The SQL of an import. One text for both databases; what differs is filled in by staging."""

from __future__ import annotations

from apps.mailings.fields import TEXT_COLUMNS
from apps.mailings.importing.permission.rows import SAID
from apps.mailings.models import Recipient, RecipientTag, Suppression, SuppressionEvent, Tag
from apps.mailings.models.audience import ADDRESS, MESSENGERS

RECIPIENT = Recipient._meta.db_table
TAG = Tag._meta.db_table
RECIPIENT_TAG = RecipientTag._meta.db_table
SUPPRESSION = Suppression._meta.db_table
SUPPRESSION_EVENT = SuppressionEvent._meta.db_table

#: The columns of text: what a file may say, and what follows from a phone.
TEXTS = (*TEXT_COLUMNS, "operator_code")
#: Why an address must not be written to, by channel. Only the stage has these.
LEFT = tuple(f"left_{channel}" for channel in ADDRESS)
#: The columns of messengers: numbers, which differ in nothing but their names.
_NUMBERS = tuple(ADDRESS[channel] for channel in MESSENGERS)
#: A row of the recipients' table for each channel by whose address the file's row may meet one.
_MET = {channel: f"by_{channel}" for channel in ADDRESS}
#: What a row says of lists. Only the stage has these, and ``words``.
PERMISSION = (*SAID, "words")

TABLES = (
    *("import_stage", "import_direct", "import_lost", "import_match", "import_claim"),
    *("import_changed", "import_left", "import_wrote", "import_list", "import_word"),
    "import_present",
)

#: In the terms of the recipients' table.
CREATE_STAGE = f"""
CREATE TEMPORARY TABLE import_stage (
    line bigint PRIMARY KEY, id bigint {{next_id}}, email text, phone text,
    {"".join(f"{name} bigint, " for name in _NUMBERS)}
    {"".join(f"{name} text NOT NULL DEFAULT '', " for name in (*TEXTS, *LEFT, *SAID))}
    attributes {{json}} NOT NULL DEFAULT '{{{{}}}}', tags {{json}} NOT NULL DEFAULT '[]',
    words {{json}} NOT NULL DEFAULT '[]', unmeasured boolean NOT NULL DEFAULT false
)"""

#: Rows that went straight into the recipients' table: the row of line ``first_line + n`` has the
#: id ``first_id + n``. Nobody else has an id between ``first_id`` and ``last_id``.
CREATE_DIRECT = """
CREATE TEMPORARY TABLE import_direct (
    first_id bigint PRIMARY KEY, last_id bigint NOT NULL, first_line bigint NOT NULL
)"""

#: Ids for ``rows`` lines. Nothing when somebody else drew one of those in between.
RESERVE = """
INSERT INTO import_direct (first_id, last_id, first_line)
SELECT min(id), max(id), %(first)s
FROM (SELECT nextval('{sequence}') AS id FROM generate_series(1, %(rows)s)) drawn
HAVING max(id) - min(id) + 1 = %(rows)s RETURNING first_id"""

CREATE_LOST = "CREATE TEMPORARY TABLE import_lost (line bigint PRIMARY KEY)"

#: The addresses that rows of this import have taken. Rows come in the order of their lines, and
#: the first one wins, exactly as with the real table.
CREATE_CLAIM = f"""
CREATE TEMPORARY TABLE import_claim (
    line bigint PRIMARY KEY, email text UNIQUE, phone text UNIQUE,
    {"".join(f"{channel} bigint UNIQUE, " for channel in MESSENGERS)} target bigint UNIQUE
)"""

_FOUND = "".join(
    f" LEFT JOIN {RECIPIENT} {row} ON {row}.owner_id = %(owner)s"
    f" AND {row}.{ADDRESS[channel]} = s.{ADDRESS[channel]}"
    for channel, row in _MET.items()
)

_INSERT = f"""
INSERT INTO {RECIPIENT} (id, created_at, updated_at, owner_id,
    {", ".join((*ADDRESS.values(), *TEXTS))}, unmeasured, attributes, source, added_by_id)
SELECT s.id, %(now)s, %(now)s, %(owner)s,
    {", ".join(f"s.{name}" for name in (*ADDRESS.values(), *TEXTS))}, s.unmeasured, s.attributes,
    %(source)s, CAST(%(added_by)s AS bigint)
FROM import_stage s"""

#: The rows of some lines, straight into the real table.
INSERT_ROWS = f"{_INSERT} WHERE s.line BETWEEN %(first)s AND %(last)s ORDER BY s.line"
OR_LEAVE = " ON CONFLICT DO NOTHING"

NOTE_LOST = f"""
INSERT INTO import_lost (line)
SELECT s.line FROM import_stage s WHERE s.line BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (SELECT 1 FROM {RECIPIENT} r WHERE r.id = s.id)"""

#: A row can only have lost to an earlier one: what it left free, a later one may have taken.
#: Rows that went in directly are earlier than any that lost.
_LOST_TO = "{0}.id IS NOT NULL AND (w{0}.line IS NULL OR w{0}.line < l.line)"
_WINNER = (
    "COALESCE(w{0}.line, (SELECT d.first_line + {0}.id - d.first_id FROM import_direct d"
    " WHERE {0}.id BETWEEN d.first_id AND d.last_id ORDER BY d.first_id DESC LIMIT 1))"
)
_ROWS = tuple(_MET.values())
INSERTED_DUPLICATES = (
    "SELECT l.line, CASE "
    + " ".join(f"WHEN {_LOST_TO.format(row)} THEN {_WINNER.format(row)}" for row in _ROWS)
    + f" END FROM import_lost l JOIN import_stage s ON s.line = l.line {_FOUND} "
    + " ".join(f"LEFT JOIN import_stage w{row} ON w{row}.id = {row}.id" for row in _ROWS)
    + " WHERE l.line BETWEEN %(first)s AND %(last)s ORDER BY l.line"
)

#: Whom each row meets in the database. With --update a row belongs to the recipient that has its
#: first address; its other addresses must then be free or the same recipient's.
MATCH = f"""
CREATE TEMPORARY TABLE import_match AS
SELECT s.line, {", ".join(f"s.{name} AS {channel}" for channel, name in ADDRESS.items())},
    {", ".join(f"{row}.id AS {row}" for row in _ROWS)}, {{target}} AS target
FROM import_stage s {_FOUND}"""
TARGET_UPDATE = (
    "CASE "
    + " ".join(f"WHEN s.{ADDRESS[one]} IS NOT NULL THEN {row}.id" for one, row in _MET.items())
    + " END"
)
TARGET_NONE = "CAST(NULL AS bigint)"

CLAIM = f"""
INSERT INTO import_claim (line, {", ".join(ADDRESS)}, target)
SELECT line, {", ".join(ADDRESS)}, target FROM import_match
WHERE {" AND ".join(f"({row} IS NULL OR {row} = target)" for row in _ROWS)}
ORDER BY line ON CONFLICT DO NOTHING"""

NOTE_UNCLAIMED = """
INSERT INTO import_lost (line) SELECT s.line FROM import_stage s
WHERE NOT EXISTS (SELECT 1 FROM import_claim c WHERE c.line = s.line)"""

_KINDS = tuple(ADDRESS)
_TAKEN = "m.by_{0} IS NOT NULL AND (m.target IS NULL OR m.by_{0} <> m.target)"
CLAIMED_DUPLICATES = (
    "SELECT m.line, CASE "
    + " ".join(
        f"WHEN {_TAKEN.format(kind)} THEN NULL "
        f"WHEN {kind}_claim.line IS NOT NULL THEN {kind}_claim.line"
        for kind in _KINDS
    )
    + " ELSE target_claim.line END FROM import_lost l JOIN import_match m ON m.line = l.line "
    + " ".join(
        f"LEFT JOIN import_claim {kind}_claim"
        f" ON {kind}_claim.{kind} = m.{kind} AND {kind}_claim.line < m.line"
        for kind in (*_KINDS, "target")
    )
    + " WHERE l.line BETWEEN %(first)s AND %(last)s ORDER BY l.line"
)

_KEPT = ", ".join(
    f"{name} = COALESCE(NULLIF(s.{name}, ''), {RECIPIENT}.{name})" for name in TEXT_COLUMNS
)
#: The rows that change whom they meet. Nothing of the others is written.
CREATE_CHANGED = "CREATE TEMPORARY TABLE import_changed (line bigint PRIMARY KEY)"
_DIFFERENT = " OR ".join(
    f"(s.{name} IS NOT NULL AND (r.{name} IS NULL OR s.{name} <> r.{name}))"
    for name in ("phone", *_NUMBERS)
) + "".join(f" OR (s.{name} <> '' AND s.{name} <> r.{name})" for name in TEXT_COLUMNS)
NOTE_CHANGED = f"""
INSERT INTO import_changed (line)
SELECT c.line FROM import_claim c JOIN import_stage s ON s.line = c.line
    JOIN {RECIPIENT} r ON r.id = c.target WHERE {_DIFFERENT} OR {{differs}}"""
UPDATE = f"""
UPDATE {RECIPIENT} SET updated_at = %(now)s,
    phone = COALESCE(s.phone, {RECIPIENT}.phone),
    operator_code = CASE WHEN s.phone IS NOT NULL THEN s.operator_code
        ELSE {RECIPIENT}.operator_code END,
    {"".join(f"{name} = COALESCE(s.{name}, {RECIPIENT}.{name}), " for name in _NUMBERS)}
    {_KEPT},
    attributes = {{merged}}
FROM import_claim c JOIN import_changed h ON h.line = c.line
    JOIN import_stage s ON s.line = c.line
WHERE {RECIPIENT}.id = c.target"""

#: Who is known and does not want to be measured, whether or not the rest of the row changes
#: anything. Nothing takes a refusal back but the person.
_REFUSING = f"""
FROM import_claim c JOIN import_stage s ON s.line = c.line AND s.unmeasured
    JOIN {RECIPIENT} r ON r.id = c.target WHERE NOT r.unmeasured"""
NOTE_REFUSING = f"""
INSERT INTO import_changed (line) SELECT c.line {_REFUSING} ON CONFLICT DO NOTHING"""
REFUSE = f"""
UPDATE {RECIPIENT} SET unmeasured = true, updated_at = %(now)s
WHERE id IN (SELECT r.id {_REFUSING})"""

#: Known by an unconfirmed sign-up alone; the owner's file makes them known, unless ``{but}`` says
#: that the confirmation stays open.
_UNCONFIRMED = f"""
FROM import_claim c JOIN {RECIPIENT} r ON r.id = c.target
WHERE r.owner_id = %(owner)s AND r.unconfirmed_since IS NOT NULL{{but}}"""
_BUT_OPEN = """
    AND NOT EXISTS (SELECT 1 FROM import_word w WHERE w.line = c.line
        AND (w.status <> 'subscribed' OR w.step = 'kept'))"""
_NOTE_KNOWN = f"""
INSERT INTO import_changed (line) SELECT c.line {_UNCONFIRMED} ON CONFLICT DO NOTHING"""
_BECOME_KNOWN = f"""
UPDATE {RECIPIENT} SET unconfirmed_since = NULL, updated_at = %(now)s
WHERE id IN (SELECT r.id {_UNCONFIRMED})"""


def known(*, lists: bool, dry_run: bool) -> list[str]:
    """The statements that note whom the file makes known, and do so unless it is a dry run."""
    but = _BUT_OPEN if lists else ""
    note, become = _NOTE_KNOWN.format(but=but), _BECOME_KNOWN.format(but=but)
    return [note] if dry_run else [note, become]


INSERT_CLAIMED = f"{_INSERT} JOIN import_claim c ON c.line = s.line AND c.target IS NULL"

PLACED = f"""(
    SELECT s.line, s.id AS recipient_id, true AS is_new, s.tags FROM import_stage s
    WHERE NOT EXISTS (SELECT 1 FROM import_lost l WHERE l.line = s.line)
    UNION ALL SELECT d.first_line + r.id - d.first_id, r.id, true, '[]'
    FROM import_direct d JOIN {RECIPIENT} r ON r.id BETWEEN d.first_id AND d.last_id)"""
PLACED_BY_CLAIM = """(
    SELECT s.line, COALESCE(c.target, s.id) AS recipient_id, c.target IS NULL AS is_new, s.tags
    FROM import_claim c JOIN import_stage s ON s.line = c.line)"""

PLACED_ROWS = "SELECT placed.line, placed.recipient_id, placed.is_new FROM {placed} placed"

#: ``{each}`` is one row per tag of the placed row, with the column ``value``.
CREATE_TAGS = f"""
INSERT INTO {TAG} (created_at, updated_at, owner_id, name)
SELECT DISTINCT %(now)s, %(now)s, %(owner)s, tag.value FROM {{placed}} placed {{each}}
WHERE true ON CONFLICT DO NOTHING"""

ATTACH_TAGS = f"""
INSERT INTO {RECIPIENT_TAG} (recipient_id, tag_id)
SELECT placed.recipient_id, known.id FROM {{placed}} placed {{each}}
    JOIN {TAG} known ON known.owner_id = %(owner)s AND known.name = tag.value
WHERE true ON CONFLICT DO NOTHING"""

ATTACH_TO_ALL = f"""
INSERT INTO {RECIPIENT_TAG} (recipient_id, tag_id)
SELECT placed.recipient_id, known.id FROM {{placed}} placed
    CROSS JOIN {TAG} known
WHERE known.owner_id = %(owner)s AND known.id = %(tag)s ON CONFLICT DO NOTHING"""

#: A known person who gets a tag is changed; ``{name}`` is the tag's.
NOTE_TAGGED = f"""
INSERT INTO import_changed (line)
SELECT DISTINCT placed.line FROM {{placed}} placed {{each}}
WHERE NOT placed.is_new AND NOT EXISTS (SELECT 1 FROM {RECIPIENT_TAG} had
    JOIN {TAG} known ON known.id = had.tag_id WHERE had.recipient_id = placed.recipient_id
    AND known.owner_id = %(owner)s AND known.name = {{name}}) ON CONFLICT DO NOTHING"""

#: A recipient who left stays away, whether or not the row itself was taken. The first reason stays.
CREATE_LEFT = "CREATE TEMPORARY TABLE import_left AS " + " UNION ALL ".join(
    f"SELECT s.line, '{channel}' AS channel, CAST(s.{name} AS varchar(254)) AS address,"
    f" s.left_{channel} AS reason FROM import_stage s"
    f" WHERE s.left_{channel} <> '' AND s.{name} IS NOT NULL"
    for channel, name in ADDRESS.items()
)
INDEX_LEFT = "CREATE INDEX import_left_address ON import_left (channel, address)"
#: The first row of every address that is not suppressed yet.
CREATE_WROTE = f"""
CREATE TEMPORARY TABLE import_wrote AS SELECT DISTINCT n.line FROM (
    SELECT min(a.line) AS line FROM import_left a WHERE NOT EXISTS (SELECT 1 FROM {SUPPRESSION} p
        WHERE p.owner_id = %(owner)s AND p.channel = a.channel AND p.address = a.address)
    GROUP BY a.channel, a.address) n"""
_SUPPRESS = f"""
INSERT INTO {SUPPRESSION} (created_at, updated_at, owner_id, channel, address, reason)
SELECT %(now)s, %(now)s, %(owner)s, a.channel, a.address, min(a.reason)
FROM import_left a WHERE true GROUP BY a.channel, a.address ON CONFLICT DO NOTHING"""
#: Which of them are new says the moment, which is this import's alone.
_NOTE_SUPPRESSED = f"""
INSERT INTO {SUPPRESSION_EVENT}
    (created_at, updated_at, owner_id, channel, address, act, reason, note, actor)
SELECT %(now)s, %(now)s, p.owner_id, p.channel, p.address, 'added', p.reason, '', %(actor)s
FROM (SELECT DISTINCT channel, address FROM import_left) a
JOIN {SUPPRESSION} p ON p.owner_id = %(owner)s AND p.channel = a.channel
    AND p.address = a.address AND p.created_at = %(now)s"""
SUPPRESS = (_SUPPRESS, _NOTE_SUPPRESSED)

#: What became of the rows that did not lose: suppressed, added, updated, unchanged.
COUNT_CLAIMED = """
SELECT count(w.line),
    count(CASE WHEN w.line IS NULL AND c.target IS NULL THEN 1 END),
    count(CASE WHEN w.line IS NULL AND c.target IS NOT NULL AND h.line IS NOT NULL THEN 1 END),
    count(CASE WHEN w.line IS NULL AND c.target IS NOT NULL AND h.line IS NULL THEN 1 END)
FROM import_claim c LEFT JOIN {wrote} w ON w.line = c.line
    LEFT JOIN import_changed h ON h.line = c.line"""
COUNT_WROTE = """
SELECT count(*) FROM import_wrote w
WHERE NOT EXISTS (SELECT 1 FROM import_lost l WHERE l.line = w.line)"""

WITNESS = f"""
SELECT id, owner_id, {", ".join(ADDRESS.values())} FROM {RECIPIENT} WHERE id =
    (SELECT placed.recipient_id FROM {{placed}} placed WHERE placed.is_new LIMIT 1)"""

#: PostgreSQL alone. A sample of this size takes some 50 ms for a table of any size. Named columns
#: leave the whole to the server's own ANALYZE, and nobody's lock is waited for.
REFRESH_STATISTICS = (
    "SET LOCAL default_statistics_target = 30;"
    f" ANALYZE (SKIP_LOCKED) {RECIPIENT} (owner_id, archived_at)"
)
