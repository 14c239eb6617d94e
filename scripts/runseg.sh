#!/bin/bash
# WESTPA's runseg.sh for GROMACS, with the progress coordinate taken from the running engine.
#
# Every worker runs it once per segment, many at once on a node: each engine takes any free port
# (-imdport 0), and imdshim starts the client on the right one. If the engine or the client
# fails so does this script, and WESTPA knows that the segment has failed.
#
# Expects $WEST_SIM_ROOT/gromacs_config/{md.mdp,topol.top}, with "IMD-group = System" and
# "gen-seed = RAND" or "ld-seed = RAND" in md.mdp, and $WEST_SIM_ROOT/westpa_scripts/pcoord.py:
# given a URL as imd://127.0.0.1:42165 it prints the progress coordinate, one line a frame.
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

# shellcheck disable=SC2016 # the client's shell expands these
imdshim run --client '"$WEST_SIM_ROOT/westpa_scripts/pcoord.py" "$IMD_URL" >"$WEST_PCOORD_RETURN"' \
    -- gmx mdrun -deffnm seg -nt 1 -imdwait -imdport 0
