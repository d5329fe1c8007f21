"""Intake: the public door, where people and programs ask us for something."""
