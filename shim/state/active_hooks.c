#include "shim/state/active_hooks.h"

_Atomic unsigned active_hooks = HOOK_ALL;
