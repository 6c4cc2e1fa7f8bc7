"""The local server: its handlers, its jobs, and opening a browser on it.

In come requests from this computer with the token; out go pages, files that may be shown, and
what was saved.
"""
