"""The engine: everything but the screen. `ARCHITECTURE` in CONTRIBUTING.md draws the arrows; a test keeps them."""
