"""The pages of pictures, and the pictures themselves."""
