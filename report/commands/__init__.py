"""One file for each command of the command line, named as the command; each holds `command`."""
