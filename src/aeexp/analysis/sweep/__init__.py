"""The runs of a sweep compared, as read from its directory."""
