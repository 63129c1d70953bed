"""People connect their messengers by a link of their own, leave, and come back."""
