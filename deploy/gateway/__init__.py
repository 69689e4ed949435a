"""The gateway: one Envoy configuration, rendered from the contract, for laptop and cluster."""
