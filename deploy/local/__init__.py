"""The whole mesh on one machine: started in order, stopped in the reverse order."""
