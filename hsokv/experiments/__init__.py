"""One folder per experiment: trials, tables, figures, findings; beside them what they share."""
