"""Many families: what changed, what is built again, here or on a cluster.

In come families' folders; out goes what came of each, however another of them ended.
"""
