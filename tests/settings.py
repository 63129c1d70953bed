"""The project's settings over ``.env.test``, on SQLite."""

from config import environment

environment.ENV_FILE = environment.BASE_DIR / ".env.test"

from config.settings import *  # noqa: E402, F401, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
