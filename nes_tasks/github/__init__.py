"""GitHub: what the workflows of .github/workflows need beyond doit's commands.

No other package knows GitHub.
"""
