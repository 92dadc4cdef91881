"""Whole screens. `sessions` lists them; `live` is one session, `trial` one trial; `confirm` and `menu` are dialogs.

What `live` and `trial` share: `session` (saying, copying, leaving), `wishing` (the keys that change a session), `paned`
(panes that come and go). `ordering` is the filter, the command line and sorting. A screen takes snapshots from the
feed and hands them to its panes.
"""
