/*
 * Makes an untouched program panic, abort, crash or spin at a moment a test chooses.
 *
 * Preloaded before the C library, it stands in for clock_gettime. When the main thread asks for the time of day while
 * the file named by STEWARD_TRIP exists, that file is taken away and what it says is done, once:
 *
 *   panic   the clock fails; Rust's SystemTime::now() has no other way out than a panic in whoever asked
 *   abort   SIGABRT, as on a failed allocation
 *   segv    SIGSEGV
 *   spin    a loop that never ends and never yields
 *
 * Every other clock, and so the timers of an executor, is left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What to do, in `word`; 0 where nothing is to be done. Only the one who takes the file away may act on it. */
static int taken(char *word, size_t size)
{
    const char *path = getenv("STEWARD_TRIP");
    if (!path || syscall(SYS_gettid) != getpid())
        return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, word, size - 1);
    close(file);
    if (length <= 0 || unlink(path) != 0)
        return 0;
    word[length] = '\0';
    return 1;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    char word[16];
    int kept = errno;
    if (clock == CLOCK_REALTIME && taken(word, sizeof word)) {
        if (!strcmp(word, "panic")) {
            errno = EINVAL;
            return -1;
        }
        if (!strcmp(word, "abort"))
            abort();
        if (!strcmp(word, "segv")) {
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
        }
        if (!strcmp(word, "spin"))
            for (volatile unsigned long turns = 0;; turns++)
                ;
    }
    errno = kept;
    return (int)syscall(SYS_clock_gettime, clock, now);
}
