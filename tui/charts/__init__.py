"""Charts as values: what to paint, without painting. Pure.

`axes` ticks and limits, `piece` styled text: no numpy, so that the screen can be painted before it is imported.
`raster` polylines to dots · `canvas` cells to draw on · `band` percentiles of many curves · `reach` limits that
outliers don't spoil · `figure` a whole chart as lines of pieces.
"""
