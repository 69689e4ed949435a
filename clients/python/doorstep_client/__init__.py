"""A client of the Doorstep mesh, beside the stubs."""
