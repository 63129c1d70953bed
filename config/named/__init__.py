"""The keys of .env that stand for as many names as somebody likes."""
