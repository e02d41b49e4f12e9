#!/usr/bin/env bash
# make-group.sh [GROUP]: makes the group that may use the daemon's socket, and says what membership means; on one that is there already, who has it.
set -euo pipefail
group=${1:-skep}
meaning="whoever is in it is root on this machine, and on a manager has the cluster: a container may mount anything, as with Docker's group"
if entry=$(getent group "$group"); then
    members=${entry##*:}
    echo "group $group: ${members:-nobody} is in it; $meaning"
else
    groupadd --system "$group"
    echo "made the group $group, with nobody in it: $meaning"
fi
