"""Licensing: the only function that may sign; woken by grants, servers and the clock."""
