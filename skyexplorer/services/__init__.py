"""Services of the Virtual Observatory: one client per protocol; the services themselves are rows of a table."""
