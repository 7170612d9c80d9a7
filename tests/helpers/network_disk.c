/* A disk of the network, as far as a program meets one: it knows no modes, no hard links and no locks, and an answer of
   an open, a stat or a rename may be ESTALE once. Preloaded by a test; all of it holds below DISK alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char wanted[400];
static int left;
static int answers;

/* How many answers were ESTALE since the last question. */
int staled(void) {
    int found = answers;
    answers = 0;
    return found;
}

static int below(const char *path) {
    const char *disk = getenv("DISK");
    char here[4096];
    if (!disk || !path) return 0;
    if (path[0] == '/') return !strncmp(path, disk, strlen(disk));
    return getcwd(here, sizeof here) && !strncmp(here, disk, strlen(disk));
}

/* STALE is the name of a call and a part of a path: the next such call fails, once. */
static int stale(const char *call, const char *path) {
    const char *now = getenv("STALE");
    size_t length = strlen(call);
    if (!now || !path) return 0;
    if (strcmp(now, wanted)) {
        snprintf(wanted, sizeof wanted, "%s", now);
        left = 1;
    }
    if (!left || strncmp(now, call, length) || now[length] != ' ' || !strstr(path, now + length + 1) || !below(path))
        return 0;
    left = 0;
    answers++;
    errno = ESTALE;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
        REAL(int, name, const char *, int, ...); \
        return stale("open", path) ? -1 : real(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
        REAL(int, name, int, const char *, int, ...); \
        return stale("open", path) ? -1 : real(folder, path, flags, mode); \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

#define STATS(name, kind) \
    int name(const char *path, struct kind *found) { \
        REAL(int, name, const char *, struct kind *); \
        return stale("stat", path) ? -1 : real(path, found); \
    }
STATS(stat, stat)
STATS(lstat, stat)
STATS(stat64, stat64)
STATS(lstat64, stat64)

#define STATS_AT(name, kind) \
    int name(int folder, const char *path, struct kind *found, int flags) { \
        REAL(int, name, int, const char *, struct kind *, int); \
        return stale("stat", path) ? -1 : real(folder, path, found, flags); \
    }
STATS_AT(fstatat, stat)
STATS_AT(fstatat64, stat64)

/* Names that older versions of the C library have for them. */
#define STATS_OLD(name, kind) \
    int name(int version, const char *path, struct kind *found) { \
        REAL(int, name, int, const char *, struct kind *); \
        return stale("stat", path) ? -1 : real(version, path, found); \
    }
STATS_OLD(__xstat, stat)
STATS_OLD(__lxstat, stat)
STATS_OLD(__xstat64, stat64)
STATS_OLD(__lxstat64, stat64)

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    return stale("rename", to) ? -1 : real(from, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    return stale("rename", to) ? -1 : real(from_folder, from, to_folder, to);
}

static int refused(int number) {
    errno = number;
    return -1;
}
int chmod(const char *path, mode_t mode) {
    REAL(int, chmod, const char *, mode_t);
    return below(path) ? refused(EPERM) : real(path, mode);
}
int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    REAL(int, fchmodat, int, const char *, mode_t, int);
    return below(path) ? refused(EPERM) : real(folder, path, mode, flags);
}
int fchmod(int file, mode_t mode) { return refused(EPERM); }
int link(const char *from, const char *to) {
    REAL(int, link, const char *, const char *);
    return below(to) ? refused(EPERM) : real(from, to);
}
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    return below(to) ? refused(EPERM) : real(from_folder, from, to_folder, to, flags);
}
int flock(int file, int operation) { return refused(ENOLCK); }

#define CONTROLS(name) \
    int name(int file, int command, ...) { \
        va_list more; va_start(more, command); void *argument = va_arg(more, void *); va_end(more); \
        REAL(int, name, int, int, ...); \
        if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) return refused(ENOLCK); \
        return real(file, command, argument); \
    }
CONTROLS(fcntl)
CONTROLS(fcntl64)
