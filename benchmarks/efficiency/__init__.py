"""How much training a search needs: worlds that answer like training would, strategies, and their replay."""
