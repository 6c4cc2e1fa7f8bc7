"""The example families, and their films, drawn by code: nobody's child is in them."""
