/* libnvidia-ml.so.1 without a GPU. cc -shared -fPIC [-DNO_SUCH_...] -o libnvidia-ml.so.1 fake_nvml.c

   FAKE_GPUS: how many GPUs (default 4). FAKE_INIT: what nvmlInit answers (default 0).
   FAKE_NVML_STATE: a text file, read at every call, one line per GPU:
       used_mib util temp pid pid_mib lost total_mib mode mig
   pid 0: nobody computes there; pid -1: somebody whose pid is not told. pid_mib -1, total_mib -1: not available.
   lost: the error every call about this GPU answers (15 lost, 16 reset required); 0 for none.
   mode: compute mode. mig: 0 off, -1 not supported, else how many instances it is cut into.
   FAKE_GPU_LEDGER: a folder; a file named GPU.PID says how many MiB a process has there while it lives.
   FAKE_PID_SHIFT: added to those pids, as a container sees them.
   FAKE_CLOCK_REASONS: why clocks are low, as a bit mask. FAKE_XID: a file with the number of an Xid error of GPU 0. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, INVALID = 2, UNSUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, TIMEOUT = 10, LOST = 15 };
#define MIB(x) ((unsigned long long)(x) << 20)

typedef struct { int gpu, part; } Dev; /* part -1: the whole GPU */
typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } Memory2;
typedef struct { unsigned long long total, free, used; } Memory1;
typedef struct { unsigned int gpu, memory; } Rates;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gi, ci; } Process;
typedef struct { long used, util, temp, pid, pid_mib, lost, total, mode, mig; int n; Process there[64]; } State;
typedef struct { Dev *device; unsigned long long type, data; unsigned int gi, ci; } EventData;

static Dev whole[16], parts[16][8];

static int count(void) { const char *e = getenv("FAKE_GPUS"); return e ? atoi(e) : 4; }

static long number_of(const char *name, long otherwise) { const char *e = getenv(name); return e ? atol(e) : otherwise; }

/* whoever allocated and lives; a process that has ended gives its memory back */
static void add_ledger(int gpu, State *s) {
    const char *path = getenv("FAKE_GPU_LEDGER");
    DIR *folder = path ? opendir(path) : 0;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        int its, pid;
        long mib = 0;
        char file[512];
        if (sscanf(e->d_name, "%d.%d", &its, &pid) != 2 || its != gpu || kill(pid, 0) || s->n == 64) continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        FILE *f = fopen(file, "r");
        if (!f) continue;
        if (fscanf(f, "%ld", &mib) == 1) {
            s->used += mib;
            s->there[s->n++] = (Process){(unsigned)(pid + number_of("FAKE_PID_SHIFT", 0)), MIB(mib), ~0u, ~0u};
        }
        fclose(f);
    }
    if (folder) closedir(folder);
}

static State look(const Dev *d) {
    State s = {512, 0, 35, 0, 0, 0, number_of("FAKE_TOTAL_MIB", 143771), 0, 0, 0, {{0}}};
    const char *path = getenv("FAKE_NVML_STATE");
    FILE *f = path ? fopen(path, "r") : 0;
    char line[256];
    for (int k = 0; f && fgets(line, sizeof line, f); k++)
        if (k == d->gpu)
            sscanf(line, "%ld %ld %ld %ld %ld %ld %ld %ld %ld", &s.used, &s.util, &s.temp, &s.pid, &s.pid_mib, &s.lost,
                   &s.total, &s.mode, &s.mig);
    if (f) fclose(f);
    if (s.pid) s.there[s.n++] = (Process){s.pid < 0 ? 0 : (unsigned)s.pid, s.pid_mib < 0 ? ~0ULL : MIB(s.pid_mib), ~0u, ~0u};
    if (d->part < 0) add_ledger(d->gpu, &s);
    return s;
}

#define ALIVE(d) State s = look(d); if (s.lost) return (int)s.lost

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    for (int i = 0; i < 16; i++) {
        whole[i] = (Dev){i, -1};
        for (int k = 0; k < 8; k++) parts[i][k] = (Dev){i, k};
    }
    const char *e = getenv("FAKE_INIT");
    return e ? atoi(e) : OK;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int r) { return r == LOST ? "GPU is lost" : r == UNSUPPORTED ? "Not Supported" : "an error"; }
int nvmlSystemGetDriverVersion(char *b, unsigned n) { snprintf(b, n, "580.65.06"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *c) { *c = count(); return OK; }

int nvmlDeviceGetHandleByIndex_v2(unsigned i, Dev **d) {
    if ((int)i >= count()) return INVALID;
    ALIVE(&whole[i]);
    *d = &whole[i];
    return OK;
}

static void uuid(const Dev *d, char *b, unsigned n) {
    if (d->part < 0) snprintf(b, n, "GPU-fa4e0000-0000-0000-0000-00000000000%d", d->gpu);
    else snprintf(b, n, "MIG-fa4e0000-0000-0000-0000-0000000000%d%d", d->gpu, d->part);
}

int nvmlDeviceGetHandleByUUID(const char *u, Dev **d) {
    char b[64];
    for (int i = 0; i < count(); i++)
        for (int k = -1; k < 8; k++) {
            Dev *one = k < 0 ? &whole[i] : &parts[i][k];
            uuid(one, b, sizeof b);
            if (strcmp(b, u)) continue;
            ALIVE(one);
            *d = one;
            return OK;
        }
    return NOT_FOUND;
}

int nvmlDeviceGetUUID(Dev *d, char *b, unsigned n) { ALIVE(d); uuid(d, b, n); return OK; }
int nvmlDeviceGetName(Dev *d, char *b, unsigned n) { ALIVE(d); snprintf(b, n, "NVIDIA H200 (fake)"); return OK; }

#ifndef NO_MEMORY_V1
int nvmlDeviceGetMemoryInfo(Dev *d, Memory1 *m) {
    ALIVE(d);
    if (s.total < 0) return UNSUPPORTED;
    m->total = MIB(s.total); m->used = MIB(s.used) + MIB(600); m->free = m->total - m->used;
    return OK;
}
#endif
#ifndef NO_MEMORY_V2
int nvmlDeviceGetMemoryInfo_v2(Dev *d, Memory2 *m) {
    ALIVE(d);
    if (s.total < 0) return UNSUPPORTED;
    m->total = MIB(s.total); m->reserved = MIB(600); m->used = MIB(s.used); m->free = m->total - m->used - m->reserved;
    return OK;
}
#endif
#ifndef NO_READINGS
int nvmlDeviceGetUtilizationRates(Dev *d, Rates *u) {
    ALIVE(d);
    if (d->part >= 0) return UNSUPPORTED; /* as the real one: there is none per instance */
    u->gpu = s.util; u->memory = 0;
    return OK;
}
int nvmlDeviceGetTemperature(Dev *d, int sensor, unsigned *t) { (void)sensor; ALIVE(d); *t = s.temp; return OK; }
int nvmlDeviceGetPowerUsage(Dev *d, unsigned *mw) { ALIVE(d); *mw = 75500; return OK; }
int nvmlDeviceGetComputeMode(Dev *d, int *m) { ALIVE(d); *m = (int)s.mode; return OK; }
int nvmlDeviceGetComputeRunningProcesses_v3(Dev *d, unsigned *c, Process *p) {
    ALIVE(d);
    unsigned n = (unsigned)s.n;
    if (*c < n) { *c = n; return TOO_SMALL; }
    *c = n;
    memcpy(p, s.there, n * sizeof *p);
    return OK;
}
int nvmlDeviceGetEnforcedPowerLimit(Dev *d, unsigned *mw) { ALIVE(d); *mw = 700000; return OK; }
int nvmlDeviceGetCurrentClocksEventReasons(Dev *d, unsigned long long *r) {
    ALIVE(d);
    *r = (unsigned long long)number_of("FAKE_CLOCK_REASONS", 1);
    return OK;
}
int nvmlEventSetCreate(void **set) { *set = set; return OK; }
int nvmlEventSetFree(void *set) { (void)set; return OK; }
int nvmlDeviceRegisterEvents(Dev *d, unsigned long long types, void *set) { (void)types; (void)set; ALIVE(d); return OK; }
int nvmlEventSetWait_v2(void *set, EventData *data, unsigned ms) {
    (void)set; (void)ms;
    const char *path = getenv("FAKE_XID");
    FILE *f = path ? fopen(path, "r") : 0;
    int found = f && fscanf(f, "%llu", &data->data) == 1;
    if (f) fclose(f);
    if (!found) return TIMEOUT;
    unlink(path); /* told once */
    data->device = &whole[0]; data->type = 8;
    return OK;
}
#endif
int nvmlDeviceGetMigMode(Dev *d, unsigned *now, unsigned *pending) {
    ALIVE(d);
    if (s.mig < 0 || d->part >= 0) return UNSUPPORTED;
    *now = *pending = s.mig > 0;
    return OK;
}
int nvmlDeviceGetMaxMigDeviceCount(Dev *d, unsigned *c) { ALIVE(d); *c = 7; return OK; }
int nvmlDeviceGetMigDeviceHandleByIndex(Dev *d, unsigned k, Dev **part) {
    ALIVE(d);
    if ((long)k >= s.mig) return NOT_FOUND;
    *part = &parts[d->gpu][k];
    return OK;
}
