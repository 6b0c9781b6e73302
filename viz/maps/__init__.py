"""From one pass through a network to a map a layer, and what is done with maps."""
