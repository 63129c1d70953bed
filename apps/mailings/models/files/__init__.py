"""Files of single recipients: what a message asks for, where they come from, what a run has."""
