"""Forms of lists, suppressions and rules."""
