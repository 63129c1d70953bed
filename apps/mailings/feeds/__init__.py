"""Feeds as documents: read in a process of their own, their items known again by a key."""
