"""One request: who asks, one unit of work, one answer. Errors, headers, pages and forms in common."""
