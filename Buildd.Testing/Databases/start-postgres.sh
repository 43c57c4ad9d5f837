#!/bin/sh
# FOLDER DATA ROLE [SETTING…]: makes a cluster of PostgreSQL in DATA, unless it is there, and becomes its server, which listens on a socket
# in FOLDER and nowhere else. ROLE is 'primary', or the folder of the server that it is a replica of.
set -eu
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
folder=$1 data=$2 role=$3
shift 3
as=
if [ "$(id -u)" = 0 ]; then # it does not run as root
    chown postgres: "$folder" "$(dirname "$data")"
    as='setpriv --reuid=postgres --regid=postgres --init-groups --'
fi
cd "$folder"
if [ ! -e "$data/PG_VERSION" ]; then
    if [ "$role" = primary ]; then
        $as "$bin/initdb" --pgdata="$data" --username=farm --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync > initdb.log 2>&1 || {
            cat initdb.log >&2
            exit 1
        }
    else
        $as "$bin/pg_basebackup" --host="$role" --username=farm --pgdata="$data" --write-recovery-conf --checkpoint=fast --no-sync
    fi
fi
for setting; do
    set -- "$@" -c "$setting"
    shift
done
exec $as "$bin/postgres" -D "$data" -k "$folder" -c listen_addresses= "$@"
