"""Other tools' files, both ways. Their files are only read; what can't be carried over is said, item by item."""
