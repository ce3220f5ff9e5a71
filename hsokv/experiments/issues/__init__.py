"""The eleven issues: one mechanism at a time, on in simple learners, off in the prototype."""
