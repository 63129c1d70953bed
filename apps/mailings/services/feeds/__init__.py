"""Feeds of repeated mailings: read when their time comes, sent by what is new."""
