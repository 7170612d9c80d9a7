"""Stored runs and everything that reads or writes them."""
