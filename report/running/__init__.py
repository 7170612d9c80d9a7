"""Which labs must run, and running them."""
