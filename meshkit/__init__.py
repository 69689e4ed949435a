"""How to be a service of the mesh. Knows nothing of deliveries."""
