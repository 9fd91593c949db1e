"""What can be searched: cards, mixtures, recipes, and the space that they form."""
