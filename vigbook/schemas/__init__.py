"""The JSON Schemas of vigbook's files, made from the models: `python -m vigbook.schemas`.

Editors use them to complete and check what a person types; other programs, to read what we write.
"""
