"""Screening: woken by records that must not go on before they were checked."""
