"""The shipped fonts, and the program that makes them."""
