"""git itself: commands, objects, history, checkouts, remotes. It knows nothing of migrations."""
