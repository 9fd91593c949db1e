"""Who decides what is tried next, and who remembers: studies, halving, searcher, driver, queries."""
