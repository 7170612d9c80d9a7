"""The laboratory: everything that measures. Data, settings and seeds go in; a `Result` comes out."""
