"""`make bench`: the speed table. `python -m bench.speed --help` for parts of it."""

from bench.speed.__main__ import main

raise SystemExit(main())
