"""Forms about what readers did."""
