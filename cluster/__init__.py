"""Where a search runs: the connection to Ray, what work items occupy, jobs, and what nodes report of themselves."""
