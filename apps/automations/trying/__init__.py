"""One recipient played through a draft: nothing is sent or written."""
