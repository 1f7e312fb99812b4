#!/bin/sh
# Finish the root directory $1 of the site's containers: a database with something in it, owned by whom it is at both sites.
set -eu

in_it() { root=$1; shift; chroot "$root" runuser -u postgres -- "$@"; }
place=/var/lib/postgresql/15/main
conf=$1/etc/postgresql/15/main
cat >"$conf/conf.d/lab.conf" <<'END'
listen_addresses = '*'
unix_socket_directories = '/var/run/postgresql'
shared_buffers = 32MB
max_connections = 60
superuser_reserved_connections = 3
fsync = off
full_page_writes = off
logging_collector = off
log_destination = stderr
jit = off
ssl = off
END
printf 'local all all trust\nhost all all 0.0.0.0/0 scram-sha-256\n' >"$conf/pg_hba.conf"
install -d -o postgres -g postgres "$1/var/run/postgresql" 2>/dev/null || chroot "$1" install -d -o postgres -g postgres /var/run/postgresql
in_it "$1" /usr/lib/postgresql/15/bin/pg_ctl -w -D "$place" -o"-c config_file=/etc/postgresql/15/main/postgresql.conf -c listen_addresses=" start
chroot "$1" runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -f /usr/local/lib/stack/seed.sql postgres
in_it "$1" /usr/lib/postgresql/15/bin/pg_ctl -w -D "$place" -m fast stop

rm -rf "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/postgresql/15/lib/bitcode "$1"/usr/lib/postgresql/15/lib/llvmjit* # jit is off
rm -rf "$1/var/log/nginx" "$1/var/cache/apt"/*.bin "$1/var/lib/apt/lists"/*_* "$1/etc/nginx/sites-enabled/default"
mkdir -p "$1/var/log/nginx" "$1/faults" "$1/logs"
