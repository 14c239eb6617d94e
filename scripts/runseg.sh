#!/bin/bash
# WESTPA's runseg.sh for GROMACS, with the progress coordinate taken from the running engine.
#
# Only the prefix "imdshim run ... --" is new. Every worker runs this script once for each segment,
# many at the same time on a node, and all use port 8888: because of --port each engine gets a free
# port, and each client reaches its own engine. Engine and client start together. If one of them
# fails, this script fails, and WESTPA knows that the segment has failed.
#
# Expects in $WEST_SIM_ROOT: gromacs_config/{md.mdp,topol.top}, with "IMD-group = System",
# "nsteps = 500" and "gen-seed = RAND" or "ld-seed = RAND" in md.mdp; and pcoord.py, which is
# beside this script and needs numpy. Its 11 frames are WESTPA's pcoord_len.
set -e
[ -z "$SEG_DEBUG" ] || { set -x; env | sort; }

mkdir -p "$WEST_CURRENT_SEG_DATA_REF"
cd "$WEST_CURRENT_SEG_DATA_REF"
sed "s/RAND/$WEST_RAND16/g" "$WEST_SIM_ROOT/gromacs_config/md.mdp" >md.mdp

case $WEST_CURRENT_SEG_INITPOINT_TYPE in
SEG_INITPOINT_NEWTRAJ) parent=(-c "$WEST_PARENT_DATA_REF") ;;
SEG_INITPOINT_CONTINUES)
    parent=(-c "$WEST_PARENT_DATA_REF/seg.gro" -t "$WEST_PARENT_DATA_REF/seg.cpt")
    ;;
*) exit 2 ;;
esac
gmx grompp -f md.mdp -p "$WEST_SIM_ROOT/gromacs_config/topol.top" "${parent[@]}" -o seg.tpr

# WESTPA 2022 waits for this script twice, and so loses its status: what it sees of a segment that
# failed is that there is no progress coordinate.
# shellcheck disable=SC2016 # the client's shell expands these
imdshim run --port 8888 --client \
    'exec "$WEST_SIM_ROOT/pcoord.py" --every 50 "$IMD_URL" 11 0 1 >"$WEST_PCOORD_RETURN"' -- \
    gmx mdrun -deffnm seg -nt 1 -imdwait -imdport 8888 || {
    status=$?
    : >"$WEST_PCOORD_RETURN"
    exit $status
}
