#!/bin/sh
# Prepare one molecule for GROMACS: a stretched chain of 60 united atoms, as in an alkane, in an
# empty box. It coils up when it runs, so there is something to see in its energies and its RMSD.
#
# usage: scripts/chain-gromacs.sh DIR [STEPS]
#
# Leaves DIR/chain.tpr, ready for "gmx mdrun -s chain.tpr -imdwait -imdport 0".
set -eu

dir=${1:?usage: scripts/chain-gromacs.sh DIR [STEPS]}
steps=${2:-50000}
atoms=60

mkdir -p "$dir"
cd "$dir"

# A zigzag in the middle of the box: bonds of 0.154 nm, angles of 114 degrees.
awk -v n=$atoms 'BEGIN {
    printf "chain\n%d\n", n
    for (i = 1; i <= n; i++)
        printf "%5d%-5s%5s%5d%8.3f%8.3f%8.3f\n", 1, "CHAIN", "C", i,
            6 + 0.1292 * (i - n / 2), 6 + 0.0839 * (i % 2), 6
    print "12 12 12" }' >chain.gro

# The force field is that of TraPPE for CH2, with bonds that are springs.
{
    cat <<EOF
[ defaults ]
1 2
[ atomtypes ]
C 14.027 0 A 0.395 0.382
[ moleculetype ]
chain 4
[ atoms ]
EOF
    awk -v n=$atoms 'BEGIN { for (i = 1; i <= n; i++) print i, "C", 1, "CHAIN", "C", i, 0 }'
    echo "[ bonds ]"
    awk -v n=$atoms 'BEGIN { for (i = 1; i < n; i++) print i, i + 1, 1, 0.154, 100000 }'
    echo "[ angles ]"
    awk -v n=$atoms 'BEGIN { for (i = 1; i < n - 1; i++) print i, i + 1, i + 2, 1, 114, 520 }'
    echo "[ dihedrals ]"
    awk -v n=$atoms 'BEGIN { for (i = 1; i < n - 2; i++)
        print i, i + 1, i + 2, i + 3, 3, 8.397, 16.785, 1.134, -26.316, 0, 0 }'
    printf '[ system ]\nchain\n[ molecules ]\nchain 1\n'
} >chain.top

cat >chain.mdp <<EOF
integrator = sd
dt         = 0.002
nsteps     = $steps
gen-vel    = yes
gen-temp   = 300
gen-seed   = 17
tc-grps    = System
tau-t      = 1
ref-t      = 300
ld-seed    = 17
nstcalcenergy = 10
IMD-group  = System
EOF

if ! gmx -quiet grompp -f chain.mdp -c chain.gro -p chain.top -o chain.tpr >prepare.log 2>&1; then
    cat prepare.log >&2
    exit 1
fi
