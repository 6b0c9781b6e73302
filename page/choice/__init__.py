"""What a visitor chose, what of it can be, and the one module that knows Streamlit's session."""
