/*
 * Loaded into the daemon by a test: ends it with SIGKILL at the KILL_AT'th time that it replaces the file KILL_PATH, at the
 * moment KILL_MOMENT:
 *   half    while the new content is being written: half of it has been
 *   before  all of it has been written, the old file is still in place
 *   after   the new file is in place, nobody has been told
 * Without KILL_AT it counts, into the file KILL_COUNT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int changes; /* the daemon changes the file under a lock of its own, so a plain counter will do */

static int is_moment(const char *moment)
{
    const char *at = getenv("KILL_AT"), *wanted = getenv("KILL_MOMENT");
    return at && wanted && atoi(at) == changes && strcmp(wanted, moment) == 0;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static int is_new_file(const char *path)
{
    const char *wanted = getenv("KILL_PATH");
    size_t length = wanted ? strlen(wanted) : 0;
    return wanted && strncmp(path, wanted, length) == 0 && strcmp(path + length, ".tmp") == 0;
}

static int is_new_file_open(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_new_file(path);
}

typedef ssize_t pwrite_function(int, const void *, size_t, off64_t);

static ssize_t write_or_die(pwrite_function *next, int fd, const void *bytes, size_t count, off64_t offset)
{
    if (is_new_file_open(fd)) {
        changes++;
        if (is_moment("half")) {
            next(fd, bytes, count / 2, offset);
            die();
        }
    }
    return next(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    static pwrite_function *next;
    if (!next)
        next = (pwrite_function *)dlsym(RTLD_NEXT, "pwrite64");
    return write_or_die(next, fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return pwrite64(fd, bytes, count, offset);
}

int rename(const char *from, const char *to)
{
    static int (*next)(const char *, const char *);
    if (!next)
        next = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    if (!is_new_file(from))
        return next(from, to);

    if (is_moment("before"))
        die();
    int result = next(from, to);
    if (is_moment("after"))
        die();
    const char *report = getenv("KILL_COUNT");
    int fd = report ? open(report, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd >= 0) {
        dprintf(fd, "%d\n", changes);
        close(fd);
    }
    return result;
}
