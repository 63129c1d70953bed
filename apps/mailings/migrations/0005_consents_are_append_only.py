from django.db import migrations

#: What an erasure empties; every other column of a consent stays as it was written. On SQLite a
#: migration that changes the table makes it anew: it must make this trigger anew as well.
_EMPTIED = ("recipient_id", "ip", "user_agent", "page")
_KEPT = (
    *("id", "owner_id", "list_id", "channel", "act", "source", "said_at", "recorded_at"),
    *("form_version_id", "texts", "language", "delivery_id", "by_import_id", "actor"),
    *("statement", "evidence", "who"),
)
_WORDS = "a consent is append-only"


def _changed(differs):
    kept = [f"NEW.{name} {differs} OLD.{name}" for name in _KEPT]
    emptied = [
        f"(NEW.{name} {differs} OLD.{name} AND COALESCE(CAST(NEW.{name} AS varchar(500)), '') <> '')"
        for name in _EMPTIED
    ]
    return " OR ".join([*kept, *emptied])


_SQLITE = f"""
CREATE TRIGGER consent_append_only BEFORE UPDATE ON mailings_consent
 WHEN {_changed("IS NOT")}
BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END
"""
_POSTGRESQL = f"""
CREATE FUNCTION mailings_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_changed("IS DISTINCT FROM")} THEN
    RAISE EXCEPTION '{_WORDS}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER consent_append_only BEFORE UPDATE ON mailings_consent
   FOR EACH ROW EXECUTE FUNCTION mailings_consent_append_only();
ALTER TABLE mailings_subscription DROP CONSTRAINT subscription_once,
  ADD CONSTRAINT subscription_once UNIQUE (recipient_id, list_id) INCLUDE (status);
ALTER TABLE mailings_activity SET (fillfactor = 80);
"""


def guard(apps, schema_editor):
    """Refuse every other UPDATE, and let an index alone answer a person's status on a list."""
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(_POSTGRESQL if on_postgresql else _SQLITE)


class Migration(migrations.Migration):

    dependencies = [("mailings", "0004_audience")]

    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
