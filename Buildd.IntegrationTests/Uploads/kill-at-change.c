/*
 * Loaded into buildd-farm by a test: ends it with SIGKILL just before the KILL_AT'th time that it changes something below the
 * folder KILL_UNDER, or with KILL_HALF set and a write, when half of that is written. Without KILL_AT it counts, into the file
 * KILL_COUNT: a letter for each, w for a write. With KILL_ARMED nothing counts before that file is there. What SQLite adds to its
 * journal between two flushes is one change: it reads all of it or nothing. Changes are: names made, renamed and removed, bytes written, files cut, and what is flushed to the disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char *program_invocation_short_name;

static int changes; /* counted by all threads */

/* The published program, or the one beside the tests; not what it runs. */
static int is_our_program(void)
{
    return strcmp(program_invocation_short_name, "buildd-farm") == 0 || strcmp(program_invocation_short_name, "dotnet") == 0;
}

static int is_ours(const char *path)
{
    const char *under = getenv("KILL_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0 && is_our_program();
}

static int is_journal_of_sqlite(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-wal") == 0;
}

static int in_journal; /* whether something was added since the last flush */

static int is_our_file(int fd, int flushes)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (!is_ours(path))
        return 0;
    if (!is_journal_of_sqlite(path))
        return 1;
    return __atomic_exchange_n(&in_journal, !flushes, __ATOMIC_SEQ_CST) == flushes;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Whether the moment has come. */
static int count(char kind)
{
    static char kinds[10000];
    const char *at = getenv("KILL_AT"), *report = getenv("KILL_COUNT"), *armed = getenv("KILL_ARMED");
    if (armed && access(armed, F_OK) != 0)
        return 0;
    int number = __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
    if (number <= (int)sizeof kinds)
        kinds[number - 1] = kind;
    if (at)
        return atoi(at) == number;
    int fd = report ? creat(report, 0600) : -1;
    if (fd >= 0) {
        dprintf(fd, "%.*s", number < (int)sizeof kinds ? number : (int)sizeof kinds, kinds);
        close(fd);
    }
    return 0;
}

#define NEXT(name, type) \
    static __typeof__(type) next; \
    if (!next) \
        next = (__typeof__(type))dlsym(RTLD_NEXT, name)

int rename(const char *from, const char *to)
{
    NEXT("rename", int (*)(const char *, const char *));
    if (is_ours(from) && count('o'))
        die();
    return next(from, to);
}

int unlink(const char *path)
{
    NEXT("unlink", int (*)(const char *));
    if (is_ours(path) && count('o'))
        die();
    return next(path);
}

int rmdir(const char *path)
{
    NEXT("rmdir", int (*)(const char *));
    if (is_ours(path) && count('o'))
        die();
    return next(path);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT("mkdir", int (*)(const char *, mode_t));
    if (is_ours(path) && count('o'))
        die();
    return next(path, mode);
}

int fsync(int fd)
{
    NEXT("fsync", int (*)(int));
    if (is_our_file(fd, 1) && count('o'))
        die();
    return next(fd);
}

int fdatasync(int fd)
{
    NEXT("fdatasync", int (*)(int));
    if (is_our_file(fd, 1) && count('o'))
        die();
    return next(fd);
}

int ftruncate64(int fd, off64_t length)
{
    NEXT("ftruncate64", int (*)(int, off64_t));
    if (is_our_file(fd, 0) && count('o'))
        die();
    return next(fd, length);
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    NEXT("pwrite64", ssize_t (*)(int, const void *, size_t, off64_t));
    if (is_our_file(fd, 0) && count('w')) {
        if (getenv("KILL_HALF"))
            next(fd, bytes, size / 2, offset);
        die();
    }
    return next(fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64(fd, bytes, size, offset);
}

static int open_or_die(const char *path, int flags, mode_t mode)
{
    NEXT("open64", int (*)(const char *, int, mode_t));
    if ((flags & (O_CREAT | O_TRUNC)) && is_ours(path) && count('o'))
        die();
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = va_arg(list, mode_t);
    va_end(list);
    return open_or_die(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = va_arg(list, mode_t);
    va_end(list);
    return open_or_die(path, flags, mode);
}
