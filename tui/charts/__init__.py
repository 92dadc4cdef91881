"""Charts as numbers: axes, dots, figures. Pure; numpy is imported here, so import this package only after
first paint.

`axes` ticks and limits (no numpy) · `raster` polylines to dots · `band` percentiles of many curves · `figure`
a whole chart as arrays of characters and style numbers.
"""
