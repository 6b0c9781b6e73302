"""Networks, their layers, and where their weights come from."""
