"""Files of single recipients: their bytes, archives of them, and what they are called."""
