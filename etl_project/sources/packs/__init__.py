"""Sources in packs: tar and zip files that hold many posts each."""
