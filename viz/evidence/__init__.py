"""What a cell of a map can see, what in fact moves it, and where else it responds."""
