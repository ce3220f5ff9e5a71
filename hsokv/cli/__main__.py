"""Run the command line as `python -m hsokv.cli`."""

from hsokv.cli.commands import main

if __name__ == "__main__":
    main()
