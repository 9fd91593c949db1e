"""Where rows come from, and how cards' data become features. Stays empty: checks on nodes import through it."""
