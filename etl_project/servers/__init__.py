"""Start and stop Dagster's web server and daemon; prepare the folder of Dagster's records."""
