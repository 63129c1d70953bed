"""What programs that act for people may prepare, and what waits for a person."""
