"""Pictures of letters: judged and made anew in a process of its own, kept as files, handed out.

Nothing of an upload but its pixels is kept. ``worker`` decodes and knows no Django.
"""
