"""What `session.db` looks like, version by version. Readable as it is in Datasette and sqlite-utils.

The scheduler writes every table but `commands`; screens and the command line insert into `commands` alone.
Views answer what people ask: `best` (complete trials, best first), `trials_wide` (a column per parameter).
"""

from __future__ import annotations

from collections.abc import Iterable

from hptui.core.store.codec import to_json
from hptui.core.study.study import CONSTRAINTS

VERSION_1 = """
create table session (key text primary key, value text);           -- facts about the session, JSON values

create table trials (
    number integer primary key,
    state text not null,              -- WAITING RUNNING PAUSED COMPLETE PRUNED FAIL
    value real,                       -- last reported or final value of the main metric, the user's sign
    word text,                        -- 'nan', 'inf' or '-inf' where value is not finite
    best real,
    step integer,
    params text not null,             -- JSON object
    x text not null,                  -- JSON array: the point in the unit cube
    seed integer not null,
    origin text not null,
    proposal text not null,           -- why this point
    why text, reason text not null, cause text,
    may_retry integer not null, retry_of integer,
    device text, slot integer, pid integer, start_ticks integer,
    created_at real not null, started_at real, ended_at real, paused_at real, until real,
    resume_wanted integer not null, busy_s real not null,
    attrs text not null,              -- JSON object
    change integer not null
);
create index trials_change on trials (change);
create index trials_state on trials (state, value);   -- counts, and the best without a sort

create table metrics (
    trial integer not null, metric text not null, step integer not null,
    value real,                       -- NULL where it was not finite
    word text,
    primary key (trial, metric, step)
) without rowid;

create table spools (trial integer primary key, offset integer not null);   -- bytes already in `metrics`

create table events (
    id integer primary key, at real not null, kind text not null, trial integer,
    reason text not null, data text not null
);
create index events_trial on events (trial) where trial is not null;

create table commands (
    id integer primary key, at real not null, kind text not null, trial integer,
    args text not null, by text not null
);

create table devices (
    id text primary key, name text not null, at real not null,
    slots integer not null, used_slots integer not null, load real,
    memory_used_bytes integer, memory_total_bytes integer, temperature_c real, power_w real,
    note text not null
);

create table parameters (name text primary key, position integer not null, definition text not null);
"""

VERSION_2 = """
alter table devices add column memory_ours_bytes integer;          -- what trials of this session have
alter table devices add column power_limit_w real;
alter table devices add column number integer;                     -- of a GPU, as nvidia-smi counts
alter table devices add column idle text not null default '';      -- why no trial of this session is there

create table device_readings (    -- averages over half a minute each
    device text not null, at real not null, load real,
    memory_used_bytes integer, memory_ours_bytes integer, power_w real, temperature_c real,
    primary key (device, at)
) without rowid;
"""

# SQLite allows 2000 columns in a result; a space that wide is read from `params`.
_WIDEST = 1900

_TIMES = """
    busy_s as seconds,
    datetime(created_at, 'unixepoch') as created, datetime(started_at, 'unixepoch') as started,
    datetime(ended_at, 'unixepoch') as ended"""


KEPT = f"""(attrs = '{{}}' or not exists (
    select 1 from json_each(trials.attrs, '$.{CONSTRAINTS}') as held where held.value is null or held.value > 0))"""
"""SQL: the trial broke no constraint."""


def best_view(direction: str) -> str:
    """Complete trials that broke no constraint, the best first. Only a finite value can be the best."""
    order = "desc" if direction == "maximize" else "asc"
    return f"""select
    number, value, step, params, origin, proposal, device,{_TIMES}
from trials
where state = 'COMPLETE' and value is not null and {KEPT}
order by value {order}, number"""


def trials_wide_view(names: Iterable[str]) -> str:
    """Trials with a column `params_NAME` per parameter, NULL where it was inactive; times are UTC."""
    params = "".join(f"    {_extract(name)} as {_quoted('params_' + name)},\n" for name in _columns(names))
    return f"""select
    number, state, value, word as not_finite, best, step,
{params}    origin, proposal, why, reason, cause, retry_of, device,{_TIMES}
from trials
order by number"""


def _columns(names: Iterable[str]) -> list[str]:
    """The names that SQL text can hold (a NUL ends it)."""
    return [name for name in names if "\0" not in name][:_WIDEST]


def _extract(name: str) -> str:
    if to_json(name) != f'"{name}"':  # a JSON path has no way to say what JSON escapes
        return f"(select value from json_each(trials.params) where key = {_literal(name)})"
    path = f'$."{name}"'
    return f"json_extract(params, {_literal(path)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
