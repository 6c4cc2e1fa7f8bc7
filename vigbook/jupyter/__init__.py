"""The doors of Jupyter: nbconvert's exporters, and what JupyterLab's server loads."""
