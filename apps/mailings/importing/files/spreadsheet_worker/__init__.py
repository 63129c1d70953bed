"""Conversion of foreign files into CSV, in a process of its own.

A hostile file of a few kilobytes can eat all memory or crash a library; here it takes only this
process with it. Nothing in this package imports Django.
"""
