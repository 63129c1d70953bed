"""Tables of people that are kept elsewhere, as ``.env`` declares them."""
