"""Why a cluster can't be joined, in words: by its address, or by what Ray says. Does not import Ray."""

from __future__ import annotations

import re
import socket

from hptui.core.errors import SessionError

ANSWER_S = 5.0  # for an address to answer at all
WHERE = "--address"
CLIENT = "ray://"


def check(address: str) -> None:
    """Raises SessionError for an address that is none, or that no cluster is joined by."""
    if address.startswith(CLIENT):
        problem = f"{address} is an address of Ray Client, by which a cluster can't be joined"
        hint = "run hptui on a node of the cluster, its head for example, with --address auto"
        raise SessionError(WHERE, problem, hint)
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdigit() and 0 < int(port) < 65536):
        raise SessionError(WHERE, f"{address} is no address", "HOST:PORT, or auto for the cluster of this machine")


def knock(address: str) -> None:
    """A plain look whether somebody answers: Ray itself tries for minutes. Raises SessionError."""
    check(address)
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except OSError as error:
        hint = "`ray status` on its head node tells the address; the port of `ray start --head` is 6379"
        said = error.strerror or str(error) or type(error).__name__
        raise SessionError(WHERE, f"nobody answers at {address}: {said}", hint) from None


def in_words(address: str, error: Exception, ray: str, python: str) -> SessionError:
    """What `ray.init` said. ray, python: the versions here."""
    text = " ".join(str(error).split())
    if "ersion mismatch" in text:
        return _other_versions(address, text, ray, python)
    if "Could not find any running Ray" in text:
        hint = "ray start --head starts one; --address HOST:PORT names another one"
        return SessionError(WHERE, "no Ray cluster runs on this machine", hint)
    if "working_dir" in text or "package" in text.lower():
        hint = "keep data out of the study's folder, or list it in .gitignore: what it ignores does not travel"
        return SessionError("the study's folder", f"can't travel to the nodes: {text[:400]}", hint)
    return SessionError(WHERE, f"can't join the cluster at {address}: {text[:400]}", "see scheduler.log")


def no_environment(said: str) -> tuple[str, str]:
    """In a line, and in full: what `runtime_env` asks for could not be set up on a node."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "Ray does not say why")
    return f"--runtime-env can't be set up on the nodes: {last[:300]}", said[-4000:]


def _other_versions(address: str, text: str, ray: str, python: str) -> SessionError:
    """`Version mismatch: The cluster was started with: Ray: 2.40.0 Python: 3.12.1 This process on ...`"""
    found = re.search(r"started with: Ray: (\S+) Python: (\S+)", text)
    if found is None:
        hint = "use the same Python and Ray as the cluster"
        problem = f"the cluster at {address} has other versions; here: Ray {ray}, Python {python}. {text[:400]}"
        return SessionError(WHERE, problem, hint)
    theirs, its_python = found.groups()
    here = f"here are Ray {ray} and Python {python}"
    problem = f"the cluster at {address} has Ray {theirs} and Python {its_python}; {here}"
    wanted = []
    if theirs != ray:
        wanted.append(f"pip install 'ray[default]=={theirs}' here")
    if its_python != python:
        wanted.append(f"install hptui in a Python {its_python}")
    return SessionError(WHERE, problem, f"{' and '.join(wanted)}: Ray joins none but its very own versions")
