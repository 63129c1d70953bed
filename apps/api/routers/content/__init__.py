"""What letters are made of, beside their messages."""
