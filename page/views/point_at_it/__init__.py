"""The view "Point at it": what a cell sees, what looks the same to a layer, and its channels."""
