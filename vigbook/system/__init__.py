"""Files, processes and locks: what vigbook asks of the operating system; it knows no family.

In come paths, bytes and functions to run; out go whole files or none, held locks, processes under
limits that end with their parent, and errors of the system in words.
"""
