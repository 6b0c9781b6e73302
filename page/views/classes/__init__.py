"""The view "Classes": what the network takes the photograph for, and which cells speak for it."""
