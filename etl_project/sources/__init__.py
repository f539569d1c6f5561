"""Where posts come from: each module lists the files of one kind of place and reads their bytes."""
