"""What becomes of the events of one call, taken as a set."""
