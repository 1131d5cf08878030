"""What the dashboards show, as plain functions: the notebooks only put it on the screen.

Standard library and ipywidgets only, so that a dashboard's kernel stays small.
"""
