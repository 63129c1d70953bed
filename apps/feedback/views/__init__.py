"""Public doors and the pages of what comes back."""
