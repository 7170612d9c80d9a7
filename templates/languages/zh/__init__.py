"""Chinese: what sets it apart, its words and its notes."""
