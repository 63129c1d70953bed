"""The items of a feed in the places that a letter's document has for them."""
