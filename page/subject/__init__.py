"""What is looked at: a network, a picture, what they are compared with, and what a pass leaves of them."""
