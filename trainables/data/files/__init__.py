"""Where rows lie: local files, a mirror, the hub."""
