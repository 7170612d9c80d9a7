"""Readers of the logs that others write: each turns a file or a folder into the series of one training."""
