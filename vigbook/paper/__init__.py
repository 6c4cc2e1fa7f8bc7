"""From an executed notebook and the answers to a PDF for a person, or for the archive.

In come elements and words; out go pages that keep to PDF/A-3a and PDF/UA-1, and what was left
out of them. Nothing of WeasyPrint leaves this room.
"""
