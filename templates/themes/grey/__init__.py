"""The theme without colours, for printers and copiers that have none."""
