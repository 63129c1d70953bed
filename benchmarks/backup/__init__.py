"""Backup and restoring of a large installation: ``python -m benchmarks.backup``."""
