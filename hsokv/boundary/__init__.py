"""Where the package meets the world: arguments, texts, YAML, files, worker processes."""
