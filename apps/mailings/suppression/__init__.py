"""Addresses that are not written to, and those that were erased."""
