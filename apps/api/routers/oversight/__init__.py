"""What those who oversee ask of all users."""
