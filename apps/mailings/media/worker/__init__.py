"""Foreign pictures are decoded here, in a process of its own with limits.

A hostile file of a few kilobytes can eat all memory or crash a decoder; here it takes only this
process with it. Nothing in this package imports Django.
"""
