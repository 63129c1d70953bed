"""By what right people are written to: services of lists, consents, forms and suppressions."""
