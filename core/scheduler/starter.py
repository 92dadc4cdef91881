"""Brings trials to life: the fork server, leases, requests, and Pythons of their own when there is no forking."""

from __future__ import annotations

import errno
import os
import shlex
import time

from hptui.core.devices import leases
from hptui.core.devices.inventory import CPU, Place, env_for
from hptui.core.errors import HptuiError
from hptui.core.scheduler import events as e
from hptui.core.scheduler.away import judged_to, stream
from hptui.core.scheduler.fork_server import preload_of
from hptui.core.scheduler.gear import Gear
from hptui.core.scheduler.heirs import donor_folder
from hptui.core.scheduler.judging import load_model
from hptui.core.scheduler.plan import trial_seed
from hptui.core.scheduler.state import Live
from hptui.core.scheduler.tags import sweep
from hptui.core.study.session import leases_home
from hptui.core.study.trial import Process
from hptui.core.wire import request as r

SERVER_DEATHS = 3  # after so many, trials start cold


class Starter:
    def __init__(self, gear: Gear) -> None:
        self._gear = gear
        self._leases: dict[int, list[leases.Lease]] = {}  # of trials that this scheduler started
        self._requests: dict[int, tuple[r.Start, Place]] = {}  # asked for, not seen yet

    def boot(self, deaths: int) -> list[e.Event]:
        """Start a fork server; it says by itself when it is ready. deaths: how many have died before."""
        gear = self._gear
        at = gear.clock.now()
        if deaths >= SERVER_DEATHS:
            said = f"the fork server died {deaths} times: trials start cold from now on"
            return [e.ServerChanged(at, "cold", said)]
        try:
            gear.children.boot(preload_of(gear.study, gear.script_folder, gear.cwd))
            load_model(gear.pruner)  # while it imports: else the first verdict would wait
        except OSError as error:
            return [e.ServerChanged(at, "cold", f"no fork server ({error}): trials start cold")]
        return []

    def launch(self, live: Live, place: Place, cold: bool, max_steps: int | None) -> list[e.Event]:
        """Lease the place and ask for a process there; NotStarted when either can't be had."""
        number, gear = live.trial.number, self._gear
        try:
            if place.device_id != CPU and not place.is_elsewhere and (taken := self._lease(live, place)):
                return [self._not_started(number, place, f"waits: {taken} is leased by another session", 1.0)]
            if live.trial.started_at is not None:
                sweep(f"{gear.session_id}/{number}")  # its earlier process, should a scheduler have died over it
            child = gear.children.prepare(number)
            if live.trial.started_at is not None and child.control is not None:
                child.control.start_over()
                child.best, child.defined = live.best, dict(live.used)
            attempt = child.control.attempt if child.control else 0
            self._requests[number] = (self._request(live, place, attempt, max_steps), place)
            if cold:
                return self.start_cold(number)
            gear.children.fork(self._requests[number][0], self._lease_fds(number), place)
        except (OSError, HptuiError) as error:
            if isinstance(error, OSError) and error.errno == errno.EMSGSIZE:  # attributes too long for one packet
                return self.start_cold(number)
            return [self._not_started(number, place, f"waits: it could not be started ({error})")]
        return []

    def _lease(self, live: Live, place: Place) -> str:
        """Take its share of every GPU of a place; else the one where it can't be had."""
        units = live.claim.units if live.claim else leases.UNITS
        held = self._leases.setdefault(live.trial.number, [])
        for device in place.devices:
            lease = leases.take(leases_home(), device, units)
            if lease is None:
                return device
            held.append(lease)
        return ""

    def lease_again(self, live: Live, place: Place) -> bool:
        """Its share of a GPU that it had left, for a process that is still there. A lease of ours ends with us."""
        units = live.claim.units if live.claim else leases.UNITS
        held = self._leases.get(live.trial.number, [])
        return all(lease.resize(units) for lease in held) if held else not self._lease(live, place)

    def resize(self, number: int, units: int) -> None:
        """Hold another share from now on. What an earlier scheduler leased stays as it is, as does what can't grow."""
        for lease in self._leases.get(number, []):
            lease.resize(units)

    def start_cold(self, number: int) -> list[e.Event]:
        start, place = self._requests[number]
        try:
            process = self._gear.children.start_cold(start, self._lease_fds(number))
        except OSError as error:
            return [self._not_started(number, place, f"waits: it could not be started ({error})")]
        return self.seen(number, process, cold=True)

    def seen(self, number: int, process: Process, *, cold: bool) -> list[e.Event]:
        """The process is there, and has the lease."""
        if number not in self._gear.children.all:
            return []
        self._gear.children.watch(number, process)
        self._gear.children.all[number].since = time.monotonic()
        self._requests.pop(number, None)
        return [e.Started(self._gear.clock.now(), number, process, cold)]

    def server_died(self) -> list[e.Event]:
        """What it was asked for and had not answered is found, or starts with the next one."""
        events: list[e.Event] = []
        for number, (_, place) in list(self._requests.items()):
            process = self._gear.children.find(number)
            if process is not None:
                self._gear.children.all[number].tells_status = False
                events += self.seen(number, process, cold=False)
            else:
                reason = "the fork server died: starts with the next one"
                events.append(self._not_started(number, place, reason, 0.0))
        return events

    def forget(self, number: int) -> None:
        """Our hold of its leases, and the request: it has ended, or did not start."""
        self._requests.pop(number, None)
        for lease in self._leases.pop(number, []):
            lease.close()
            self._gear.left_at[lease.device_id] = self._gear.clock.now()

    def _not_started(self, number: int, place: Place, reason: str, wait_s: float = 2.0) -> e.Event:
        self._gear.children.forget(number)
        self.forget(number)
        return e.NotStarted(self._gear.clock.now(), number, place, reason, wait_s)

    def _lease_fds(self, number: int) -> list[int]:
        return [lease.fd for lease in self._leases.get(number, [])]

    def _request(self, live: Live, place: Place, attempt: int, max_steps: int | None) -> r.Start:
        gear, trial = self._gear, live.trial
        objective, resources = gear.study.objective, gear.study.resources
        devices = [] if place.is_elsewhere else [gear.places.device(one) for one in place.devices]
        gpu_env = env_for(devices, resources.gpu_env) if devices else {}
        before = donor_folder(gear.folder, trial.attrs, trial.retry_of)
        return r.Start(
            session=gear.session_id,
            folder=str(gear.folder.path),
            number=trial.number,
            params=trial.params,
            seed=trial_seed(gear.study.seed, 0) if r.MEASURE in objective.env else trial.seed,
            objective=self._what(),
            cwd=gear.cwd,
            metric=gear.study.metric,
            also=tuple(goal.metric for goal in gear.study.also),
            test=gear.study.test.metric,
            device=str(place),
            env={**objective.env, **gpu_env},
            milestones=gear.milestones,
            max_steps=max_steps,
            threads=resources.threads or gear.places.threads,
            checkpoint_from=None if before is None else str(before),
            defines=gear.defines,
            user_attrs=trial.attrs,
            attempt=attempt,
            judged_to=judged_to(trial),
            stream=0 if gear.study.budget.rerun else stream(trial),
            rerun=gear.study.budget.rerun,
        )

    def _what(self) -> r.Program | r.Function:
        objective = self._gear.study.objective
        if objective.command is None:
            script = os.path.join(self._gear.script_folder, objective.script or "")
            return r.Function(script, objective.function, objective.shared)
        words = shlex.split(objective.command) if isinstance(objective.command, str) else objective.command
        given = objective.pattern
        patterns = () if given is None else (given,) if isinstance(given, str) else tuple(given)
        return r.Program(tuple(words), objective.arguments, patterns)
