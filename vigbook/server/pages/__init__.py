"""One file a page: what it shows and what it answers."""
