"""A user's own experiment: a script that is watched, a log that is imported, calls in the user's code; one record."""
