"""How far tasks lie from targets, by their texts: profiles and distances between them."""
