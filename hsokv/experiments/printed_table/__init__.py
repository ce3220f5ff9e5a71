"""The predecessor's table, measured again under its own protocol."""
