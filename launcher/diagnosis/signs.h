/*
 * What the evidence shows: each row of a table of causes asks for one sign. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_SIGNS_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_SIGNS_H

#include <stdbool.h>

#include "launcher/diagnosis/evidence.h"

bool sign_port_in_use(const struct evidence *evidence);
bool sign_port_forbidden(const struct evidence *evidence);
bool sign_no_such_address(const struct evidence *evidence);
bool sign_bind_failed(const struct evidence *evidence);
bool sign_unmatched(const struct evidence *evidence);
bool sign_fifo_removed(const struct evidence *evidence);
bool sign_has_suspect(const struct evidence *evidence);

/* With that cause, which is above CAUSE_NONE. */
bool sign_suspect(const struct evidence *evidence, enum cause cause);
bool sign_nothing_loaded(const struct evidence *evidence);
bool sign_ended_at_once(const struct evidence *evidence);
bool sign_container_silent(const struct evidence *evidence);
bool sign_failed(const struct evidence *evidence);
bool sign_launcher_alone(const struct evidence *evidence);
bool sign_launcher_failed(const struct evidence *evidence);
bool sign_launched_elsewhere(const struct evidence *evidence);
bool sign_became_named(const struct evidence *evidence);
bool sign_nested(const struct evidence *evidence);
bool sign_renamed(const struct evidence *evidence);
bool sign_runs_on(const struct evidence *evidence);
bool sign_had_the_library_to_its_end(const struct evidence *evidence);

#endif
