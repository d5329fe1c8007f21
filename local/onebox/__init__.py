"""The whole desk on one machine."""
