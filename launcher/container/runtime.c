#include "launcher/container/runtime.h"

#include <stddef.h>
#include <string.h>

static const struct runtime runtimes[] = {
    {
        .kind = RUNTIME_APPTAINER,
        .names = " apptainer singularity ",
        .how = "the variables APPTAINER_BIND, APPTAINERENV_LD_PRELOAD and their kin",
    },
    {
        .kind = RUNTIME_BWRAP,
        .is_below = true,
        .names = " bwrap ",
        .how = "--ro-bind-try, --bind-try and --setenv before the command",
        .options =
            {
                .flags = " help version unshare-all share-net unshare-user unshare-user-try "
                         "unshare-ipc unshare-pid unshare-net unshare-uts unshare-cgroup "
                         "unshare-cgroup-try disable-userns assert-userns-disabled clearenv "
                         "new-session die-with-parent as-pid-1 ",
                .with_value =
                    " argv0 level-prefix userns userns2 pidns uid gid hostname chdir unsetenv "
                    "lock-file sync-fd remount-ro exec-label file-label proc dev tmpfs mqueue "
                    "dir seccomp add-seccomp-fd block-fd userns-block-fd info-fd "
                    "json-status-fd cap-add cap-drop perms size overlay-src tmp-overlay "
                    "ro-overlay ",
                .with_two = " setenv bind bind-try dev-bind dev-bind-try ro-bind ro-bind-try "
                            "bind-fd ro-bind-fd file bind-data ro-bind-data symlink chmod ",
                .with_three = " overlay ",
            },
    },
    {
        .kind = RUNTIME_CHRUN,
        .is_below = true,
        .names = " ch-run ",
        .how = "--set-env, and a copy of the library in the /tmp that the container shares",
        .options =
            {
                .flags = " ch-ssh env-no-expand home j join no-home no-passwd t private-tmp "
                         "set-env set-env0 unsafe v verbose w write W write-fake q quiet ? "
                         "help usage V version feature warnings set-env-default ",
                .with_value = " b bind c cd g gid join-pid join-ct join-tag m mount s storage "
                              "unset-env u uid ",
            },
    },
    {
        .kind = RUNTIME_NSPAWN,
        .is_below = true,
        .names = " systemd-nspawn ",
        .how = "--bind-ro, --bind and --setenv before the command",
        .options =
            {
                .flags = " q quiet no-pager x ephemeral read-only volatile a as-pid2 b boot "
                         "keep-unit U private-users private-network n network-veth j h help "
                         "version P pipe no-new-privileges console ",
                .with_value =
                    " settings D directory template i image oci-bundle root-hash "
                    "root-hash-sig verity-data pivot-root chdir E setenv u user kill-signal "
                    "notify-ready suppress-sync M machine hostname uuid S slice property "
                    "register private-users-ownership network-interface network-macvlan "
                    "network-ipvlan network-veth-extra network-bridge network-zone "
                    "network-namespace-path p port capability drop-capability "
                    "ambient-capability system-call-filter Z selinux-context L "
                    "selinux-apifs-context rlimit oom-score-adjust cpu-affinity personality "
                    "resolv-conf timezone link-journal bind bind-ro inaccessible tmpfs overlay "
                    "overlay-ro bind-user set-credential load-credential ",
            },
    },
    {
        .kind = RUNTIME_PODMAN,
        .names = " podman docker nerdctl ",
        .commands = " run exec start compose ",
        .how = "--volume, --env, --network=host, --init and --name behind \"run\"",
        .before =
            {
                .flags = " D debug r remote syslog tls tlsverify trace v version help noout "
                         "transient-store insecure-registry debug-full ",
                .with_value =
                    " H host c context config l log-level tlscacert tlscert tlskey "
                    "cgroup-manager conmon connection events-backend hooks-dir identity "
                    "imagestore module network-cmd-path network-config-dir out root runroot "
                    "runtime runtime-flag ssh storage-driver storage-opt tmpdir url "
                    "volumepath a address n namespace snapshotter cni-path cni-netconfpath "
                    "data-root hosts-dir cdi-spec-dirs ",
            },
        .options =
            {
                .flags = " d detach disable-content-trust env-host help http-proxy init i "
                         "interactive no-healthcheck no-hostname no-hosts oom-kill-disable "
                         "passwd privileged P publish-all q quiet read-only read-only-tmpfs "
                         "replace rm rmi rootfs sig-proxy tls-verify t tty unsetenv-all "
                         "use-api-socket ",
                .with_value =
                    " add-host annotation arch a attach authfile blkio-weight "
                    "blkio-weight-device cap-add cap-drop cgroup-conf cgroup-parent cgroupns "
                    "cgroups chrootdirs cidfile conmon-pidfile cpu-count cpu-percent "
                    "cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c cpu-shares cpus "
                    "cpuset-cpus cpuset-mems decryption-key detach-keys device "
                    "device-cgroup-rule device-read-bps device-read-iops device-write-bps "
                    "device-write-iops dns dns-opt dns-option dns-search domainname entrypoint "
                    "e env env-file env-merge expose gidmap gpus group-add group-entry "
                    "health-cmd health-interval health-log-destination health-max-log-count "
                    "health-max-log-size health-on-failure health-retries "
                    "health-start-interval health-start-period health-startup-cmd "
                    "health-startup-interval health-startup-retries health-startup-success "
                    "health-startup-timeout health-timeout h hostname hosts-file hostuser "
                    "image-volume init-ctr init-path io-maxbandwidth io-maxiops ip ip6 ipc "
                    "isolation kernel-memory l label label-file link link-local-ip log-driver "
                    "log-opt mac-address m memory memory-reservation memory-swap "
                    "memory-swappiness mount name net network network-alias oom-score-adj os "
                    "passwd-entry personality pid pidfile pids-limit platform pod pod-id-file "
                    "preserve-fd preserve-fds publish p pull rdt-class requires restart retry "
                    "retry-delay runtime sdnotify seccomp-policy secret security-opt shm-size "
                    "shm-size-systemd snapshotter stop-signal stop-timeout storage-opt "
                    "subgidname subuidname sysctl systemd timeout tmpfs tz uidmap ulimit umask "
                    "unsetenv u user userns uts variant v volume volume-driver volumes-from w "
                    "workdir ",
            },
    },
    {
        .kind = RUNTIME_OTHER,
        .names = " enroot ",
        .how = "what you add to its command: --mount LIBRARY:LIBRARY --mount FIFO:FIFO "
               "--env LD_PRELOAD --env IMDSHIM_FIFO",
    },
    {
        .kind = RUNTIME_OTHER,
        .names = " shifter ",
        .how = "what you add to its command: --volume=LIBRARY:LIBRARY --volume=FIFO:FIFO",
    },
    {
        .kind = RUNTIME_OTHER,
        .names = " sarus udocker kubectl ",
        .how = "what you add to its command: binds of LIBRARY and FIFO, and the variables "
               "LD_PRELOAD and IMDSHIM_* for the engine",
    },
};

const struct runtime *runtime_find(const char *name)
{
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++)
        if (grammar_lists(runtimes[i].names, name))
            return &runtimes[i];
    return NULL;
}

const char *const *runtime_options(const struct runtime *runtime, const char *const *program)
{
    struct reader reader = {.grammar = &runtime->before, .next = program + 1};
    enum reading reading;

    if (runtime->commands == NULL)
        return program + 1;
    while ((reading = reader_next(&reader)) == READ_OPTION)
        continue;
    if (reading != READ_END || *reader.next == NULL)
        return NULL;
    if (strcmp(*reader.next, "container") == 0)
        reader.next++;
    if (*reader.next == NULL || !grammar_lists(runtime->commands, *reader.next))
        return NULL;
    return reader.next + 1;
}
