#include "shim/hooks/select.h"

#include <string.h>

#include "shim/hooks/admission.h"
#include "shim/hooks/gate.h"
#include "shim/hooks/limit.h"
#include "shim/hooks/real.h"
#include "shim/kernel/memory.h"
#include "shim/state/active_hooks.h"

enum { READABLE, WRITABLE, SETS = 3 };

/* The sets as they were asked for: select(2) writes its result over them. */
struct request {
    int count;
    size_t size; /* of what the kernel reads: no further than the count says, in whole longs */
    fd_set *const *sets; /* the engine's; each may be NULL */
    fd_set asked[SETS];
};

/* False if the kernel has to say what is wrong, or has more descriptors than a set. */
static bool request_begin(struct request *request, int count, fd_set *const sets[SETS])
{
    enum { WORD = 8 * sizeof(unsigned long) };

    if (count <= 0 || count > FD_SETSIZE)
        return false;
    request->count = count;
    request->size = ((size_t)count + WORD - 1) / WORD * sizeof(unsigned long);
    request->sets = sets;
    memset(request->asked, 0, sizeof request->asked);
    for (int i = 0; i < SETS; i++)
        if (sets[i] != NULL && memory_copy(&request->asked[i], sets[i], request->size) != 0)
            return false;
    return true;
}

/* After a result only: the kernel has written there, so that it can be done. */
static void request_write(const struct request *request, const fd_set sets[SETS])
{
    for (int i = 0; i < SETS; i++)
        if (request->sets[i] != NULL)
            memcpy(request->sets[i], &sets[i], request->size);
}

/* ---- a client at the gate ---- */

/* The connect that a select waits for, if its launcher has room in a set; else NULL. */
static struct pending_connect *awaited(const struct request *request, int fd)
{
    struct pending_connect *pending =
        FD_ISSET(fd, &request->asked[WRITABLE]) ? pending_connect_of(fd) : NULL;

    return pending != NULL && pending->launcher < FD_SETSIZE ? pending : NULL;
}

/* In place of each socket that is awaited, its launcher. The count; 0 if none is awaited. */
static int await_launchers(const struct request *request, fd_set sets[SETS])
{
    int most = 0;

    memcpy(sets, request->asked, sizeof request->asked);
    for (int fd = 0; fd < request->count; fd++) {
        struct pending_connect *pending = awaited(request, fd);

        if (pending == NULL)
            continue;
        FD_CLR(fd, &sets[WRITABLE]);
        FD_SET(pending->launcher, &sets[READABLE]);
        most = most > request->count ? most : request->count;
        most = most > pending->launcher ? most : pending->launcher + 1;
    }
    return most;
}

/* A readable one that was not asked for: the engine learns nothing of it. */
static int drop_launchers(const struct request *request, fd_set *readable, int result)
{
    for (int fd = 0; fd < FD_SETSIZE && result > 0; fd++)
        if (FD_ISSET(fd, readable) && !FD_ISSET(fd, &request->asked[READABLE])) {
            FD_CLR(fd, readable);
            result--;
        }
    return result;
}

/* What is left of a result for the sets. */
static int finish_selected(const struct request *request, fd_set sets[SETS], int result)
{
    for (int fd = 0; fd < request->count && result > 0; fd++) {
        struct pending_connect *pending = awaited(request, fd);
        int launcher = pending != NULL ? pending->launcher : -1;
        enum gate_result now = GATE_GOES_ON;

        if (launcher >= 0 && FD_ISSET(launcher, &sets[READABLE]))
            now = gate_finish(fd, pending);
        if (now == GATE_FAILED)
            return -1;
        if (now == GATE_MADE) {
            FD_SET(fd, &sets[WRITABLE]);
            result++;
        }
    }
    return drop_launchers(request, &sets[READABLE], result);
}

static int select_real(const struct request *request, const struct timespec *timeout,
                       const sigset_t *mask)
{
    return real.pselect(request->count, request->sets[0], request->sets[1], request->sets[2],
                        timeout, mask);
}

static int select_once(const struct request *request, const struct timespec *timeout,
                       const sigset_t *mask)
{
    fd_set sets[SETS];
    int count = hook_active(HOOK_RESUME) ? await_launchers(request, sets) : 0, result, left;

    if (count == 0)
        return select_real(request, timeout, mask);
    result = real.pselect(count, &sets[0], &sets[1], &sets[2], timeout, mask);
    left = finish_selected(request, sets, result);
    if (result > 0 && left == 0) /* only connects that are being made, as in poll.c */
        return select_real(request, timeout, mask);
    if (left >= 0)
        request_write(request, sets);
    return left;
}

/* ---- an engine with --only-me ---- */

/* What remains of a result of select(2). */
static int filter_selected(const struct request *request, int result)
{
    fd_set *readable = request->sets[READABLE];

    if (readable == NULL || !hook_active(HOOK_FILTER))
        return result;
    for (int fd = 0; fd < request->count && result >= 0; fd++) {
        bool was = FD_ISSET(fd, readable);
        struct filtered_listener *listener = NULL;

        if (was || (admission_keeps_any() && FD_ISSET(fd, &request->asked[READABLE])))
            listener = admission_of(fd);
        if (listener == NULL)
            continue;
        FD_CLR(fd, readable);
        if (admission_has_client(listener, fd))
            FD_SET(fd, readable);
        result += FD_ISSET(fd, readable) - was;
    }
    return result;
}

/* ---- either ---- */

static int select_hooked(const struct request *request, struct limit *limit,
                         const sigset_t *mask)
{
    for (;;) {
        int came = select_once(request, limit->next, mask);
        int result = filter_selected(request, came);

        if (result != 0 || !limit_goes_on(limit, came))
            return result;
        request_write(request, request->asked);
    }
}

int hooked_pselect(int count, fd_set *const sets[SETS], const struct timespec *timeout,
                   const sigset_t *mask)
{
    struct request request;
    struct timespec given = {-1, 0};
    struct limit limit;

    if (!request_begin(&request, count, sets))
        return real.pselect(count, sets[0], sets[1], sets[2], timeout, mask);
    if (timeout != NULL)
        memory_copy(&given, timeout, sizeof given);
    limit_begin(&limit, timeout, &given, admission_keeps_any());
    return select_hooked(&request, &limit, mask);
}

/* Linux writes the time that is left into the timeout. */
int hooked_select(int count, fd_set *const sets[SETS], struct timeval *timeout)
{
    struct request request;
    struct limit limit;
    struct timeval given = {0, 0}, left = {0, 0};
    struct timespec time;
    int result;

    if (!request_begin(&request, count, sets) ||
        (timeout != NULL && memory_copy(&given, timeout, sizeof given) != 0) ||
        !limit_convert(&time, &given))
        return real.select(count, sets[0], sets[1], sets[2], timeout);
    limit_begin(&limit, timeout != NULL ? &time : NULL, &time, admission_keeps_any());
    result = select_hooked(&request, &limit, NULL);
    if (given.tv_sec > 0 || given.tv_usec > 0) {
        if (result != 0 && limit_goes_on(&limit, result))
            left = (struct timeval){limit.left.tv_sec, limit.left.tv_nsec / 1000};
        *timeout = left;
    }
    return result;
}
