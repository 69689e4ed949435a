"""The manifests of the cluster, and the parts of them that are made rather than written."""
