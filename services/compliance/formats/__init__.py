"""Reports as files. Pure: a statement in, bytes out, the same for the same."""
