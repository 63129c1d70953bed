"""The channels, one folder each. A channel speaks a protocol and knows no table."""
