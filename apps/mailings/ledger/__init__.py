"""The only code that moves a delivery. Every change is a conditional UPDATE whose rows are read.

All functions expect an open transaction: the caller decides what commits together.
"""
