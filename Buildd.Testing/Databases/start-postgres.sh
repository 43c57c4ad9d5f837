#!/bin/sh
# FOLDER: makes a cluster of PostgreSQL in a folder, and becomes its server, which listens on a socket in the folder and nowhere else.
# Nobody but tests has what is in it, so nothing is flushed to the disk.
set -eu
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as=
if [ "$(id -u)" = 0 ]; then # it does not run as root
    chown postgres: "$1"
    as='setpriv --reuid=postgres --regid=postgres --init-groups --'
fi
cd "$1"
$as "$bin/initdb" --pgdata="$1/data" --username=farm --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync > "$1/initdb.log" 2>&1 || {
    cat "$1/initdb.log" >&2
    exit 1
}
exec $as "$bin/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c max_connections=500
