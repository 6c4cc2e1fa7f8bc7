"""From a case to an executed notebook, and the prompts that are live in it.

In come a cycle and the method's template; out goes a notebook of references. Nothing of papermill
leaves this room.
"""
