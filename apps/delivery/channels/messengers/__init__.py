"""What messengers have in common: people are reached by a number that they connect themselves."""
