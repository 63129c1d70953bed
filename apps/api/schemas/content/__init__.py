"""What the API says of the content of messages."""
