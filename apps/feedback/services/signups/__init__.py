"""Sign-ups through public forms: received, confirmed, held, forgotten."""
