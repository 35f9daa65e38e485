"""The one way to the network: deadlines, retries, limits per host, a cache."""
