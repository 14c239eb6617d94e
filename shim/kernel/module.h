/*
 * Which module (program or shared library) holds a code address: asked of proc(5) maps.
 *
 * dladdr(3) would know, but it takes the dynamic linker's lock, and listen() may be called in a
 * signal handler.
 */
#ifndef IMDSHIM_SHIM_KERNEL_MODULE_H
#define IMDSHIM_SHIM_KERNEL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/wire/wire.h"

/* The base name of the module around the address; "" if none is there or /proc is not mounted.
 */
__attribute__((noinline)) void module_find(const void *address, char name[NAME_SIZE]);

/*
 * The base name of a module that this program was started with, and of which the test is true;
 * "" and false if there is none. Takes the dynamic linker's lock: only while we are loaded.
 */
bool module_find_loaded(bool (*test)(const char *name), char name[NAME_SIZE]);

/*
 * The parser behind module_find(), pure. Feed the text of maps in pieces of any size; true when the line
 * that holds the address has ended, the name is then complete.
 */
struct module_scan {
    uintptr_t address;
    uintptr_t bound[2]; /* of the present line: first byte, one past the last */
    enum { SCAN_START, SCAN_END, SCAN_MIDDLE, SCAN_PATH } field;
    size_t length;
    char name[NAME_SIZE];
};

void module_scan_begin(struct module_scan *scan, const void *address);
bool module_scan_feed(struct module_scan *scan, const char *text, size_t length);

#endif
