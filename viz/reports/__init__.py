"""What can leave the page as a file."""
