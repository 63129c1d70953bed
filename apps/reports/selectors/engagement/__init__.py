"""What readers did: over time, by link, by device and domain, and over all mailings."""
