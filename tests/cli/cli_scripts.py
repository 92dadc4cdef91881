"""Objectives that the tests of the command line run."""

QUADRATIC = """
import time

def objective(trial):
    x = trial.params["x"]
    for step in range(3):
        trial.report((x - 1) ** 2 + 1 / (step + 1), step)
    return (x - 1) ** 2
"""

SLOW = """
import time

def objective(trial):
    for step in range(100_000):
        trial.report(1.0, step)
        time.sleep(0.01)
    return 1.0
"""

MIXED = """
import math

def objective(trial):
    x = trial.params["x"]
    print("\\x1b[2J\\x1b]0;title\\x07 [red]markup[/red]")
    print("second line")
    trial.report(math.nan if trial.number == 1 else x, 0, other=math.nan)
    if trial.number == 1:
        return math.nan
    return x * x
"""
