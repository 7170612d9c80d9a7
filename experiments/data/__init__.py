"""Data sets: where they are found, how they are checked, loaded and encoded, and their embedded samples."""
