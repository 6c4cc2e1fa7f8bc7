"""What a team keeps for decades: one bag a cycle, and whether it is still whole."""
