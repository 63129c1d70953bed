"""What Django learns of a site, from its `.env`: each in a process of its own, as it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

#: Points the settings at another `.env` and shows what they make of it.
CODE = """
import json
import sys
from pathlib import Path
from config import environment
environment.ENV_FILE = Path(sys.argv[1])
from config import settings
names = set(sys.argv[2:]) & set(dir(settings))
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""
NAMES = (
    "CACHES CONTENT_SECURITY_POLICY CSRF_COOKIE_NAME DATABASES EMAIL_BACKEND EMAIL_FILE_PATH"
    " SECURE_HSTS_SECONDS SECURE_PROXY_SSL_HEADER SESSION_COOKIE_NAME SESSION_COOKIE_SECURE"
    " SOCIALACCOUNT_PROVIDERS"
).split()
PUBLIC = """
SITE_URL=https://mail.example.org
TRUSTED_PROXIES=10.0.0.1
DB_ENGINE=postgresql
DB_NAME=vestnik
DB_HOST=db.example.org
REDIS_URL=redis://queue.example.org:6379/0
DISPATCH_BACKEND=celery
CACHE_URL=redis://queue.example.org:6379/1
OIDC_SERVER_URL=https://id.example.org/realms/company
OIDC_CLIENT_ID=vestnik
OIDC_CLIENT_SECRET=not-shown
EMAIL_HOST=smtp.example.org
EMAIL_USE_TLS=True
"""


def started(place: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A process that has read this `.env`."""
    file = place / ".env"
    fixed = f"SECRET_KEY={'s' * 40}\nVAR_DIR={place / 'var'}\nLOG_DIR={place / 'log'}\n"
    file.write_text(fixed + text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", CODE, str(file), *NAMES],
        cwd=settings.BASE_DIR,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def settings_from(place: Path, text: str) -> dict[str, Any]:
    done = started(place, text)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_public_site_on_several_machines(tmp_path: Path) -> None:
    found = settings_from(tmp_path, PUBLIC)
    database = found["DATABASES"]["default"]
    assert (database["ENGINE"], database["HOST"]) == (
        "django.db.backends.postgresql",
        "db.example.org",
    )
    assert found["CACHES"]["default"]["BACKEND"] == "apps.core.cache.shared.SharedCache"
    assert found["EMAIL_BACKEND"] == "apps.delivery.email_backend.SiteMailBackend"
    (provider,) = found["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert provider["settings"] == {"server_url": "https://id.example.org/realms/company"}
    assert "https://id.example.org" in found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["form-action"]
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    # A browser takes cookies of these names from this very host over https alone.
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["SESSION_COOKIE_SECURE"] is True and found["SECURE_HSTS_SECONDS"] == 31_536_000


def test_on_ones_own_machine_nothing_more_is_needed_than_a_key(tmp_path: Path) -> None:
    found = settings_from(tmp_path, "")
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "var" / "vestnik.sqlite3")
    assert found["SESSION_COOKIE_SECURE"] is False and "SECURE_PROXY_SSL_HEADER" not in found
    assert found["EMAIL_FILE_PATH"] == str(tmp_path / "var" / "outbox" / "account")


def test_a_file_that_cannot_be_used_ends_the_process_with_its_lines(tmp_path: Path) -> None:
    done = started(tmp_path, "DB_PORT=hunter2\n")
    assert done.returncode == 1 and done.stdout == ""
    assert ".env cannot be used:\n  DB_PORT: " in done.stderr
    assert "Traceback" not in done.stderr
