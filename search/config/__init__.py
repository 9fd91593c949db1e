"""The search file: its schema, what it names, where its search lives."""
