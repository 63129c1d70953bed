"""Foreign letters are read here, in a process of its own with limits.

A few kilobytes of hostile HTML end the process of a parser, and an archive of them unpacks to
gigabytes; here it takes only this process with it. Nothing in this package imports Django.
"""
