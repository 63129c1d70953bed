"""Runs whose recipients each get files of their own: who waits for them, and who fails."""
