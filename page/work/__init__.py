"""What is computed once for all visitors, within stated bounds, and who comes when."""
