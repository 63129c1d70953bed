"""The checks of ``manage.py doctor``: one finding a line, and how to fix it."""
