"""What ``manage.py doctor`` looks at: one finding a line, and how to mend it."""
