"""TensorBoard, MLflow and W&B fed from a session, by a process that only reads it: a broken logger hurts no trial.

`follow` reads the session and tells a `Logger` what is new; one module for each of the three, whose package is imported
when it is asked for. Another distribution declares its own by the entry point `hptui.loggers`: a class that is made of
a destination and the session's facts, and is a `Logger`.
"""
