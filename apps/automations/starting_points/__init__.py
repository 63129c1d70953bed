"""Automations to begin with: each is a working draft with its messages."""
