"""All 256 cells between the prototype and the redesign, and who earns what."""
