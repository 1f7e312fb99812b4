# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# The pair of a certbot lineage put where nginx reads it, and loaded: proven by a handshake, or the old one is back.

# cert_deploy_look SOURCE_CERT SOURCE_KEY DIR CERT KEY CA HOST PORT NAME PROJECT SERVICE CONFIG WANTED
# Ground: what is there to be put (identity, whether its key, chain and time are right), what is there now, what the new one
# would lose, what is served, and whether nginx runs and takes its configuration.
cert_deploy_look() {
	need openssl awk stat sha256sum timeout readlink cat
	pair_enter "$3" "$4" "$5"
	cert_deploy_old
	cert_deploy_new "$1" "$2" "$6" "${13}"
	pem_served "$7" "$8" "$9" 5 "$6"
	echo "served ${pem_print:-none}"
	cert_deploy_told="$cert_deploy_told
served_why ${pem_why:-none}"
	nginx_find "${10}" "${11}" "${12}"
	nginx_find_state
	printf 'nginx %s\nconfig %s\n--\n%s\nnginx_why ' "$nginx_is" "$nginx_test" "$cert_deploy_told"
	escape "$nginx_why"
}

cert_deploy_old() {
	pair_id_of "$pair_cert" "$pair_key"
	pem_read_file "$pair_cert"
	printf 'old %s\nold_pair %s\n' "${pem_print:-none}" "$pair_id"
	cert_deploy_told=$(pem_said_as old)
	old_names=$pem_names old_ends=$pem_ends old_issuer=$pem_issuer
}

# cert_deploy_new CERT KEY CA WANTED
cert_deploy_new() {
	pair_id_of "$1" "$2"
	pem_read_file "$1"
	printf 'new %s\nnew_pair %s\n' "${pem_print:-none}" "$pair_id"
	cert_deploy_told="$cert_deploy_told
$(pem_said_as new)"
	new_time=right
	[ "$now" -ge "$pem_begins" ] || new_time=early
	[ "$now" -le "$pem_ends" ] || new_time=over
	[ "$pem_ends" -ge "$old_ends" ] || new_time=$new_time-earlier
	pem_lost "$pem_names" "$old_names${4:+,$4}"
	pem_key_is "$2" "$pem_key"
	new_issuer=$pem_issuer
	pem_chain=broken pem_why='there is none'
	[ -z "$pem_print" ] || pem_chain_of "$1" "$3"
	new_chain=$pem_chain new_why=${pem_why:-none} new_ca=same
	if [ "$new_issuer" != "$old_issuer" ]; then
		pem_chain_of "$pair_cert" "$3"
		[ "$pem_chain" = broken ] || new_ca=other
	fi
	printf 'new_key %s\nnew_time %s\nnew_chain %s\nnew_ca %s\nlost %s\n' \
		"$pem_pair" "$new_time" "$new_chain" "$new_ca" "${pem_missing:-none}"
	cert_deploy_told="$cert_deploy_told
new_why $new_why"
}

# cert_deploy DIR CERT KEY NEW OLD PROJECT SERVICE CONFIG HOST PORT NAME SECONDS PRINT SOURCE_CERT SOURCE_KEY
#   NEW and OLD are the pairs that were planned, PRINT is the certificate's. Prints its serial when it is served.
cert_deploy() {
	pair_enter "$1" "$2" "$3"
	nginx_find "$6" "$7" "$8"
	deploy_new=$4 deploy_old=$5 deploy_host=$9 deploy_port=${10} deploy_name=${11} deploy_within=${12}
	pair_id_of "$pair_cert" "$pair_key"
	case $pair_id in
	"$deploy_new") ;;
	"$deploy_old") cert_deploy_put "${13}" "${14}" "${15}" ;;
	*) give_up "there is another pair in $1 by now; nothing was done" ;;
	esac
	nginx_find_state
	if [ "$nginx_test" = broken ]; then
		cert_deploy_fail "nginx refuses the new pair: $nginx_why"
	fi
	if [ "$nginx_is" = running ]; then
		nginx_reloaded >&2 || cert_deploy_fail "nginx cannot be told to reload"
	else
		nginx_started || cert_deploy_fail "nginx does not start"
	fi
	cert_deploy_awaits "${13}" || cert_deploy_fail "the new certificate is not served within $deploy_within s"
	pair_forget "$deploy_new" "$deploy_old"
	echo "$pem_serial"
}

# cert_deploy_put PRINT SOURCE_CERT SOURCE_KEY: build the pair beside, look at it once more, and turn to it.
cert_deploy_put() {
	pair_build "$2" "$3"
	[ "$pair_id" = "$deploy_new" ] || give_up "$2 and its key are another pair by now; nothing was done"
	pem_read_file ".pairs/$pair_id/$pair_cert"
	pem_key_is ".pairs/$pair_id/$pair_key" "$pem_key"
	[ "$pem_print:$pem_pair" = "$1:ok" ] || give_up "the key is not the certificate's; nothing was done"
	pair_adopt
	pair_point "$deploy_new"
}

# cert_deploy_awaits PRINT: until that one is served, or for deploy_within seconds.
cert_deploy_awaits() {
	deploy_until=$(($(date +%s) + deploy_within))
	while :; do
		pem_served "$deploy_host" "$deploy_port" "$deploy_name" 5 ''
		[ "$pem_print" != "$1" ] || return 0
		[ "$(date +%s)" -lt "$deploy_until" ] || return 1
		sleep 1
	done
}

# cert_deploy_fail WHY: the old pair is back, and nginx has it; then end.
cert_deploy_fail() {
	if [ "$deploy_new" = "$deploy_old" ]; then give_up "$1"; fi
	pair_point "$deploy_old"
	nginx_find_master
	if [ "$nginx_master" = 0 ]; then nginx_started; else nginx_reloaded >&2; fi
	give_up "$1; the old pair is back"
}

# cert_deploy_running PROJECT SERVICE CONFIG: nginx runs, whatever happened before.
cert_deploy_running() {
	nginx_find "$1" "$2" "$3"
	nginx_started || give_up "nginx does not start"
}

# cert_deploy_back DIR CERT KEY NEW OLD PROJECT SERVICE CONFIG HOST PORT NAME SECONDS
# Where another pair was put there meanwhile it is left alone.
cert_deploy_back() {
	pair_enter "$1" "$2" "$3"
	nginx_find "$6" "$7" "$8"
	deploy_host=$9 deploy_port=${10} deploy_name=${11} deploy_within=${12}
	pair_id_of "$pair_cert" "$pair_key"
	case $pair_id in
	"$5") ;;
	"$4") pair_point "$5" ;;
	*)
		echo "there is another pair in $1 by now; it was left alone" >&2
		return
		;;
	esac
	pem_read_file "$pair_cert"
	deploy_print=$pem_print
	pem_served "$deploy_host" "$deploy_port" "$deploy_name" 5 ''
	[ "$pem_print" != "$deploy_print" ] || return 0
	nginx_find_state
	[ "$nginx_is" = running ] || return 0
	[ "$nginx_test" = ok ] || give_up "nginx refuses its configuration: $nginx_why"
	nginx_reloaded >&2 || give_up "nginx cannot be told to reload"
	cert_deploy_awaits "$deploy_print" || give_up "the old certificate is not served within $deploy_within s"
}
