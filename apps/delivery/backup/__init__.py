"""The whole installation as one archive, and an empty installation made of one.

It holds the rows of all tables as lines of JSON, the same on SQLite and PostgreSQL, and the files
below ``VAR_DIR`` that rows name. It holds no ``.env``, and so no key and no password of an account.
"""
