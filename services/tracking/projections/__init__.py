"""Folds of the journal into what is read. Pure: the same events give the same read model."""
