"""GitHub: what the workflows of .github/workflows need from it beyond doit's commands.

It is the one room that knows GitHub; nothing else of the package does.
"""
