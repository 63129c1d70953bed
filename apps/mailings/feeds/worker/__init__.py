"""Foreign feeds are parsed here, in a process of its own with limits.

A hostile document of a few kilobytes can eat all memory or never end; here it takes only this
process with it. Nothing in this package imports Django.
"""
