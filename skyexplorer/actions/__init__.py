"""The verbs, one story per module; they work on a session and need no browser."""
