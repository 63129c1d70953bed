"""What people do with the pictures of their letters."""
