"""The icons of social networks for letters."""
