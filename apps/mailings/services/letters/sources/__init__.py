"""Where a letter comes from: the gallery, another form, another tool."""
