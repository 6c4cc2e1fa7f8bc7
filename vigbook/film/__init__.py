"""From a film to pictures and clips: what it is, which frame is on screen, and exact cuts of it.

In come films as they are and times; out go facts, pictures, clips, stills and what helps to
choose them. Nothing of PyAV leaves this room.
"""
