"""The project's settings over ``.env.test``, on SQLite."""

from config import environment

environment.ENV_FILE = environment.BASE_DIR / ".env.test"

from config.settings import *  # noqa: E402, F401, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file and not memory: the scheduler's threads check it through connections of their own.
DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}  # noqa: F405
DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Each test client begins a site: found when they are asked for, static files need no listing then.
WHITENOISE_AUTOREFRESH = True
# A page that asks for its rows one by one fails (django-zeal).
INSTALLED_APPS += ["zeal"]  # noqa: F405
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]  # noqa: F405
# What libraries do on sign-in is not a list of rows.
ZEAL_ALLOWLIST = [
    {"model": "sessions.Session", "field": "*"},
    {"model": "account.*", "field": "*"},
]
