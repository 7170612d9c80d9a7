"""What tests share: results written by hand, small models and data, readers of what was made."""
