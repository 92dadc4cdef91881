"""Whole screens. `sessions` lists them; `live` is one session, `trial` one trial; `confirm` and `menu` are dialogs.

`session` is what `live` and `trial` share (wishes, copying, leaving), `paned` the panes that come and go, `ordering`
the filter, the command line and sorting. A screen takes snapshots from the feed and hands them to its panes.
"""
