"""Slides: what of a report goes on them, how much one holds, and the files that they become."""
