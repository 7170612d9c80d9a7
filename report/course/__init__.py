"""A course: one folder for a class from one file, with each student's own numbers, the key to them, and the marks."""
