"""`python -m etl_project.cli` is the command `etl`."""

from etl_project.cli import main

if __name__ == "__main__":
    main()
