"""Pages about what readers did."""
