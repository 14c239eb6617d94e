/* A library that does nothing: what any LD_PRELOAD costs. */
int empty_library;
int empty_library = 1;
