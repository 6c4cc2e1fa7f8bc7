"""Files, processes and locks: what vigbook asks of the operating system.

Of a family it knows where its locks lie, and nothing that stands in its files. In come paths, bytes
and functions to run; out go whole files or none, held locks, processes under limits that end with
their parent, and errors of the system in words.
"""
