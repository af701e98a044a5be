"""One module for each group of goals: `measure()` gives its rows of the table."""
