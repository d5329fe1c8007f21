"""The relay: hands messages to the functions that do their work, and sends the mail."""
