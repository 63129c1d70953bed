"""Schemas of lists, forms, suppressions and people's rights."""
