"""Notes and results become a tree of plain values: chapters and the pages around them."""
