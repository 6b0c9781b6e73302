"""Where networks come from: a file each, which the rows of `viz.networks.catalogue.NETWORKS` name."""
