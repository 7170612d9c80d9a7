"""What the operating system is asked for: files, memory, streams, and a process that is watched."""
