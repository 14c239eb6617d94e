/*
 * The library wakes up in a process: it finds the real calls, reads its settings, and says that
 * it is there.
 */
#ifndef IMDSHIM_SHIM_HOOKS_START_H
#define IMDSHIM_SHIM_HOOKS_START_H

/*
 * Before anything else, if hook_active(HOOK_START): `real` can be used afterwards. Idempotent,
 * errno is kept. Cold: the compiler then saves no registers on the usual path.
 */
__attribute__((cold)) void shim_start(void);

#endif
