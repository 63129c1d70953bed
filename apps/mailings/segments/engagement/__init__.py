"""Conditions on what readers did, and of whom that is not known."""
