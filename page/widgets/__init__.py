"""What several views draw."""
