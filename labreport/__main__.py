"""`python -m labreport`: the same as the command `labreport`."""

from labreport.report.cli import run

if __name__ == "__main__":
    run()
