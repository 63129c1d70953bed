"""Forms of the parts of a draft: what is missing in them is saved, and shown as a fault."""
