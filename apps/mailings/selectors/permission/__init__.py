"""What pages of lists, suppressions and exclusions ask."""
