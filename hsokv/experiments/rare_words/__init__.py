"""Every flow on rare words, under every test condition."""
