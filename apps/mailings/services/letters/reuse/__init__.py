"""What messages share: the brand, saved blocks, templates."""
