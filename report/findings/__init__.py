"""Conclusions from results: the one home of what a run's numbers mean."""
