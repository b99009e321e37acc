"""Pages that need no network and no other file: what all of them share."""
