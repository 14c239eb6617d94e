#!/bin/sh
# Prepare a small system for GROMACS with GROMACS's own tools: 216 argon atoms, IMD switched on.
#
# usage: scripts/argon-gromacs.sh DIR [STEPS [EDGE]]
#
# EDGE: so many atoms along each edge, 6 if it is not given.
# Leaves DIR/argon.tpr, ready for "gmx mdrun -s argon.tpr -imdwait -imdport 0". The same STEPS
# give the same bytes of trajectory, because every seed is fixed. GMX: another gmx command.
set -eu

dir=${1:?usage: scripts/argon-gromacs.sh DIR [STEPS]}
steps=${2:-500}
edge=${3:-6}
together=1 # atoms of what counts as a molecule: GROMACS's IMD takes the square of their number to start
[ "$edge" -le 6 ] || together=$((edge * edge))
gmx=${GMX:-gmx}

mkdir -p "$dir"
cd "$dir"

# genconf repeats this one atom on a lattice of about the density of liquid argon.
cat >atom.gro <<EOF
argon
    1
    1AR      AR    1   0.000   0.000   0.000
   0.37000   0.37000   0.37000
EOF

cat >argon.top <<EOF
[ defaults ]
1 2
[ atomtypes ]
AR 39.948 0 A 0.34 0.996
[ moleculetype ]
AR 1
[ atoms ]
$(for i in $(seq "$together"); do echo "$i AR 1 AR AR 1"; done)
[ system ]
argon
[ molecules ]
AR $((edge * edge * edge / together))
EOF

cat >argon.mdp <<EOF
integrator = md
dt         = 0.002
nsteps     = $steps
nstxout    = 50
nstenergy  = 100
gen-vel    = yes
gen-temp   = 94.4
gen-seed   = 17
tcoupl     = v-rescale
tc-grps    = System
tau-t      = 1
ref-t      = 94.4
ld-seed    = 17
IMD-group  = System
EOF

# GROMACS's tools say much on stderr even if all is well.
if ! { "$gmx" -quiet genconf -f atom.gro -nbox "$edge" "$edge" "$edge" -o argon.gro &&
    "$gmx" -quiet grompp -f argon.mdp -c argon.gro -p argon.top -o argon.tpr; } >prepare.log 2>&1; then
    cat prepare.log >&2
    exit 1
fi
