"""The standing army: hostile inputs of every kind, and programs killed at any moment."""
