"""The view "Layer by layer": all layers over the photograph, one after the other."""
