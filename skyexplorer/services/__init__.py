"""Services of the Virtual Observatory: one client per protocol; the services themselves are rows of a table."""

from skyexplorer.services.asking import Found, ask
from skyexplorer.services.registry import Service, get, services

__all__ = ["Found", "Service", "ask", "get", "services"]
