"""The truth: a study per target in one database, and the lease of the one driver that writes it."""
