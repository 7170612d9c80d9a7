"""The stored runs in the browser: pages about the store, the server that shows them, and the same pages as files."""
