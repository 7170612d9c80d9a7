"""Everything after a `Result`: store it, draw conclusions, build a report, render it; and the command line."""
