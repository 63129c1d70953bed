"""Experiments: what is tried in a mailing, and what becomes of it in its runs."""
