"""From a request to a Result, whatever happens on the way."""
