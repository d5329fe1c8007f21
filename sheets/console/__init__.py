"""The operations console: what staff see in the sheets, and what they ask for there."""
