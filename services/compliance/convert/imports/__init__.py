"""Files of other people as zones and curb zones of ours: one module per format."""
