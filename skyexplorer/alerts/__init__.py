"""Alerts over HTTP: events by name, and lists of them, from those who publish them.

One module a source (`gracedb`, `gwosc`, `icecube`, `gbm`, `circulars`), each with ``event`` (one, by its name) and
``listed`` (rows). Which source knows a name is told by its form (`naming`); `asking` has what all of them need to ask, and
keeps the ledger; `route` asks one after the other. Addresses come from the rows of the services, which are handed in:
nothing here knows where they are written.
"""
