"""One cycle with all that is known of it: its context, what should be told first, its answers.

In come a family's files and the method; out go what stands, what is missing and what was saved.
"""
