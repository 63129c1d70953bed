"""Sending accounts as they are declared, and what is known of providers."""
