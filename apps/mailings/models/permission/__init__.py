"""By what right somebody is written to, and what ends or limits it."""
