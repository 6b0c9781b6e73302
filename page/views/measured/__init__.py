"""The view "Measured": is what is said about shallow and deep layers true of this photograph?"""
