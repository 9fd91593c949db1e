"""Where a search runs: connecting to Ray, resources of a work item, checks before the first one."""
