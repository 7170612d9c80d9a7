"""One night of a CI job: build, check and trend within a time budget."""
