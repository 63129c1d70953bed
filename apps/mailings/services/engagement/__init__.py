"""Mailings that write again to those who did not react."""
