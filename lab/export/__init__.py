"""A trained generator for other programs: `python -m lab.export RUN --out FOLDER`."""
