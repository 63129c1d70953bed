"""What the writers of a letter share: its parts, its words, its style sheet, what is counted."""
