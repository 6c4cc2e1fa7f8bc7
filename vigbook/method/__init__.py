"""Templates and languages: the vocabulary, the prompts and the fixed words of a way of working.

In come folders of templates, a team's own first; out go principles, prompts and words.
"""
