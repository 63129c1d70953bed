"""Tests of the keys that stand for as many names as somebody likes."""
