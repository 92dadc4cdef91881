"""What the screen says: pure functions from a `Snapshot` to text cells. No clock, no Textual, no database.

One module per line of the screen (`header trials events best devices trial sessions parameters hints`), `states` and
`numbers` for the words they share, `layout` for which panes are seen at which size.
"""
