"""What runs inside the process of a user's script: it sees, writes down, and changes nothing."""
