"""Choosing clips and stills: the edits of cycle.yaml, and the film that is looked at meanwhile.

In come steps of a person at the screen; out go a file whose comments are kept, and pictures.
"""
