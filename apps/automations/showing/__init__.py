"""What is shown of automations: their steps in words, figures, and the people inside."""
