"""By what right a message goes out, and what keeps it back."""
