"""What readers did, as it is shown."""
