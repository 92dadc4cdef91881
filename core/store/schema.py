"""What `session.db` looks like, version by version. Readable as it is in Datasette and sqlite-utils.

Writers: the scheduler writes every table but `commands`; screens and the command line insert into `commands` alone.
"""

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
    id text primary key, name text not null, at real not null, slots integer not null, used_slots integer not null,
    load real, memory_used_bytes integer, memory_total_bytes integer, temperature_c real, power_w real,
    note text not null
);

create table parameters (name text primary key, position integer not null, definition text not null);
"""
