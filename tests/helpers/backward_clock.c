/* A clock of the day that goes back a second at each question, as one may that is being set. Preloaded by a test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t which, struct timespec *found) {
    static int (*real)(clockid_t, struct timespec *);
    static long asked;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(which, found);
    if (which == CLOCK_REALTIME) found->tv_sec -= ++asked;
    return answer;
}
