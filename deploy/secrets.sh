#!/bin/sh
# Makes the secrets that deploy/compose.yaml mounts, in deploy/secrets beside this file. Those that are there stay as they are.
# Containers read them as users of their own, so that the folder alone keeps others of this machine out.
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 0700 "$folder"

made() { # made NAME TEXT: nothing else of a name that is there
    if [ ! -e "$folder/$1" ]; then
        (umask 022 && printf '%s\n' "$2" >"$folder/.$1" && mv "$folder/.$1" "$folder/$1")
    fi
}

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }

made couponhub-key "$(random)"
made postgres-password "$(random)"
made redis-password "$(random)"
made redis-users "user default off
user couponhub on >$(cat "$folder/redis-password") ~* &* +@all -@admin -@dangerous +info +script"
