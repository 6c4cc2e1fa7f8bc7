"""A family's files: what they may hold, how they are read and changed, and what was agreed to.

In come folders of YAML, journals and logs; out go frozen models with the line that each value
stands in, and the answer to "may this, of these people, be used for that, today?".
"""
