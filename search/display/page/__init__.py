"""Pages and reports: HTML with charts, drawn here; nothing is fetched from elsewhere."""
