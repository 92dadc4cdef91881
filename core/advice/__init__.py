"""Advice on tuning: what a study gets wrong before it starts, what a session shows while it runs, when to stop.

Pure: values in, findings out. The rules are those of the Deep Learning Tuning Playbook (Godbole et al. 2023) and of
common practice, in our own words; each finding carries its numbers, its reason and, where there is one, the edit.
"""
