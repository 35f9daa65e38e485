"""Alerts and events by name, where only HTTP is open."""
