/*
 * What a service tells systemd, by sd_notify(3)'s protocol.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_SERVICE_MANAGER_H
#define IMDSHIM_LAUNCHER_BASE_SERVICE_MANAGER_H

/*
 * The engine is ready on that port. Returns errno, and 0 also if there is nobody to tell: no
 * NOTIFY_SOCKET, or we are not the service's main process, whose word it is.
 */
int service_manager_tell_ready(unsigned port);

#endif
