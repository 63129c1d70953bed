"""What readers did, as the API gives it."""
