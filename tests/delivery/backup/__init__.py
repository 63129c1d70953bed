"""Backups, and installations made of them."""
