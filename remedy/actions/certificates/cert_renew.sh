# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# One lineage of certbot renewed by webroot: nginx answers for it while it goes on serving, and nothing is stopped.

# cert_renew_look CONFIG_DIR LINEAGE WORK_DIR LOGS_DIR DAYS CA SINCE BUDGET
# Ground: which version of the lineage is live, its certificate and what may not get worse; whether it is due; how it is renewed;
# whether certbot is at work, and whether it was tried already.
cert_renew_look() {
	need openssl awk stat readlink certbot
	renew_dir=$1 renew_name=$2
	if ! [ -r "$1/renewal/$2.conf" ] || ! [ -e "$1/live/$2/fullchain.pem" ]; then
		printf 'lineage none\n--\nlineages'
		for renew_conf in "$1"/renewal/*.conf; do
			renew_conf=${renew_conf##*/}
			[ "$renew_conf" = '*.conf' ] || printf ' %s' "${renew_conf%.conf}"
		done
		echo
		return
	fi
	cert_renew_version
	pem_read_file "$1/live/$2/fullchain.pem"
	[ -n "$pem_print" ] || give_up "$1/live/$2/fullchain.pem holds no certificate that can be read"
	renew_due=no
	[ "$((pem_ends - now))" -ge "$(($5 * 86400))" ] || renew_due=yes
	pem_chain_of "$1/live/$2/fullchain.pem" "$6"
	printf 'lineage %s\nnext %s\nserial %s\nends %s\n' "$renew_version" "$renew_next" "$pem_serial" "$pem_ends"
	printf 'due %s\nchain %s\n' "$renew_due" "$pem_chain"
	cert_renew_conf
	cert_renew_lock "$1" "$3" "$4"
	restarts_count "cert:$1/$2" "$7"
	renew_tries=left
	[ "$restarts_counted" -lt "$8" ] || renew_tries=spent
	printf 'by %s\nserver %s\nhooks %s\nlock %s\ntries %s\n' \
		"$renew_by" "$renew_server" "$renew_hooks" "$renew_lock" "$renew_tries"
	echo "--"
	pem_said_as cert
	printf 'left %s\nnames %s\n' "$((pem_ends - now))" "${pem_names:-none}"
}

# Set renew_version to the one that is live, 0 where certbot's links are not as it makes them, and renew_next to the one after
# the highest that there is.
cert_renew_version() {
	renew_version=$(readlink "$renew_dir/live/$renew_name/cert.pem")
	case $renew_version in
	"../../archive/$renew_name/cert"*.pem) renew_version=${renew_version##*/cert} ;;
	*) renew_version=0 ;;
	esac
	renew_version=${renew_version%.pem} renew_next=1
	case $renew_version in "" | *[!0-9]*) renew_version=0 ;; esac
	for renew_file in "$renew_dir/archive/$renew_name"/cert*.pem; do
		renew_file=${renew_file##*/cert}
		renew_file=${renew_file%.pem}
		case $renew_file in "" | *[!0-9]*) continue ;; esac
		[ "$renew_file" -lt "$renew_next" ] || renew_next=$((renew_file + 1))
	done
}

# Set renew_by to how certbot renews it, renew_server to whom it asks, and renew_hooks to `pre` where something would run first.
cert_renew_conf() {
	renew_by=unknown renew_server=unknown renew_hooks=none
	while IFS= read -r renew_line; do
		case $renew_line in
		"authenticator = "*) renew_by=${renew_line#*= } ;;
		"server = "*) renew_server=${renew_line#*= } ;;
		"pre_hook = "*) renew_hooks=pre ;;
		esac
	done <"$renew_dir/renewal/$renew_name.conf"
	for renew_hook in "$renew_dir"/renewal-hooks/pre/*; do
		if [ -f "$renew_hook" ] && [ -x "$renew_hook" ]; then renew_hooks=pre; fi
	done
}

# Set renew_lock to held where a certbot is at work: its locks are the kernel's, whatever files lie about.
cert_renew_lock() {
	renew_lock=free
	for renew_place; do
		renew_inode=$(stat -c %i "$renew_place/.certbot.lock" 2>/dev/null) || continue
		if ! [ -r /proc/locks ]; then
			renew_lock=held
			return
		fi
		while read -r renew_line; do
			case $renew_line in *":$renew_inode "*) renew_lock=held ;; esac
		done </proc/locks
	done
}

# cert_renew CONFIG_DIR LINEAGE WORK_DIR LOGS_DIR SERIAL VERSION CA WEBROOT SERVER SERVER_CA LEAVE
#   LEAVE: what the new one may be, `ca` (of another CA) or `names` (fewer), or both. Prints the serial that is live afterwards.
cert_renew() {
	renew_dir=$1 renew_name=$2 renew_serial=$5 renew_was=$6 renew_ca=$7 renew_leave=${11}
	renew_file=$1/live/$2/fullchain.pem
	pem_read_file "$renew_file"
	[ "$pem_serial" = "$5" ] || give_up "the lineage has another certificate by now; nothing was done"
	old_names=$pem_names old_ends=$pem_ends old_issuer=$pem_issuer
	pem_chain_of "$renew_file" "$7"
	old_chain=$pem_chain
	restarts_write_down "cert:$1/$2"
	renew_server_ca=${10}
	set -- --config-dir "$1" --work-dir "$3" --logs-dir "$4" ${8:+--webroot -w "$8"} ${9:+--server "$9"}
	[ -z "$renew_server_ca" ] || { REQUESTS_CA_BUNDLE=$renew_server_ca && export REQUESTS_CA_BUNDLE; }
	renew_said=$(certbot renew --cert-name "$renew_name" --force-renewal --no-random-sleep-on-renew --non-interactive "$@" 2>&1) || {
		printf '%s\n' "$renew_said" >&2
		give_up "certbot did not renew it; nginx goes on with what it has"
	}
	printf '%s\n' "$renew_said" >&2
	pem_read_file "$renew_file"
	[ "$pem_serial" = "$renew_serial" ] || cert_renew_judge
	echo "$pem_serial"
}

# Put the version before back where the new certificate is worse than the old one.
cert_renew_judge() {
	renew_why=''
	pem_lost "$pem_names" "$old_names"
	[ "$now" -ge "$pem_begins" ] || [ "$(date +%s)" -ge "$pem_begins" ] || renew_why="it is not valid yet"
	[ "$pem_ends" -gt "$old_ends" ] || renew_why="it ends no later than the one before"
	case $renew_leave:$pem_missing in *names*:* | *:) ;; *) renew_why="it is not good for $pem_missing" ;; esac
	renew_key=$pem_key renew_issuer=$pem_issuer
	pem_chain_of "$renew_file" "$renew_ca"
	[ "$pem_chain" = ok ] || renew_why="its chain does not lead to a trusted root ($pem_why)"
	case $renew_leave:$old_chain in
	*ca*:* | *:broken) ;;
	*) [ "$renew_issuer" = "$old_issuer" ] || renew_why="it is of another CA ($renew_issuer)" ;;
	esac
	pem_key_is "$renew_dir/live/$renew_name/privkey.pem" "$renew_key"
	[ "$pem_pair" = ok ] || renew_why="its key is another certificate's"
	[ -n "$renew_why" ] || return 0
	cert_renew_point "$renew_was"
	give_up "the new certificate is not taken: $renew_why; version $renew_was is live again"
}

# cert_renew_point VERSION: have certbot's links name the files of a version.
cert_renew_point() {
	for renew_one in cert chain fullchain privkey; do
		[ -r "$renew_dir/archive/$renew_name/$renew_one$1.pem" ] || give_up "version $1 of $renew_name is not in $renew_dir/archive"
	done
	for renew_one in privkey chain fullchain cert; do
		renew_link=$renew_dir/live/$renew_name/$renew_one.pem
		rm -f "$renew_link.new"
		{ ln -s "../../archive/$renew_name/$renew_one$1.pem" "$renew_link.new" && mv -fT "$renew_link.new" "$renew_link"; } ||
			give_up "$renew_link cannot be replaced"
	done
}

# cert_renew_back CONFIG_DIR LINEAGE VERSION NEXT: VERSION is live again, where NEXT is; another one is left alone.
cert_renew_back() {
	need readlink
	renew_dir=$1 renew_name=$2
	cert_renew_version
	case $renew_version in
	"$4") cert_renew_point "$3" ;;
	"$3") cert_renew_point "$3" ;;
	*) echo "version $renew_version is live by now; it was left alone" >&2 ;;
	esac
}
