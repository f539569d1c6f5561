"""Sources in packs: tar, zip and Parquet files that hold many posts each."""
