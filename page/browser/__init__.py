"""The few scripts that need the browser, each a .js file with a Python wrapper."""
