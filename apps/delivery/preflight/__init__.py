"""What would go wrong with a mailing, looked at before its start."""
