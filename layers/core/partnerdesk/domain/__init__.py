"""Plain values and plain functions; nothing here reads a clock, a file or a network."""
