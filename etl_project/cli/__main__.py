"""`python -m etl_project.cli` is the command `etl`."""

from etl_project.cli import app

if __name__ == "__main__":
    app()
