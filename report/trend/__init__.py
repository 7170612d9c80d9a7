"""The history of all stored runs: lines, change points, a page, a feed; read from the small index files alone."""
