"""Letters that were written with another tool: read, cleaned, and made fit for this one.

What strangers have sent is read in a process of its own (``worker``), which knows no Django.
"""
