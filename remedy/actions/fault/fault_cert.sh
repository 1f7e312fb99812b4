# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is set here is used in the files before this one; what is not set here is set in the files before this one
# A drill: what nginx serves is exchanged for a certificate that ends soon. The pair that was there is kept, and comes back.

# fault_cert_look DIR CERT KEY HOST PORT NAME DAYS PROJECT SERVICE CONFIG
# Ground: the pair that is there, what is served, whether it ends within DAYS already, and how nginx is.
fault_cert_look() {
	need openssl awk sha256sum timeout readlink
	pair_enter "$1" "$2" "$3"
	pair_id_of "$pair_cert" "$pair_key"
	pem_read_file "$pair_cert"
	fault_short=no # an hour more: one of DAYS that was made after this conversation began is one of DAYS
	[ "$((pem_ends - now))" -ge "$(($7 * 86400 + 3600))" ] || fault_short=yes
	printf 'pair %s\nshort %s\nnames %s\n' "$pair_id" "$fault_short" "${pem_names:-none}"
	fault_told=$(pem_said_as old)
	pem_served "$4" "$5" "$6" 5 ''
	nginx_find "$8" "$9" "${10}"
	nginx_find_state
	printf 'served %s\nnginx %s\nconfig %s\n--\n%s\n' "${pem_print:-none}" "$nginx_is" "$nginx_test" "$fault_told"
}

# fault_cert DIR CERT KEY OLD DAYS PROJECT SERVICE CONFIG HOST PORT NAME SECONDS
#   OLD is the pair that was planned on. The new one has its names, and is of its own making; a file `drill` beside it says so.
fault_cert() {
	pair_enter "$1" "$2" "$3"
	nginx_find "$6" "$7" "$8"
	deploy_host=$9 deploy_port=${10} deploy_name=${11} deploy_within=${12} deploy_old=$4
	pair_id_of "$pair_cert" "$pair_key"
	if ! [ -e ".pairs/$pair_id/drill" ]; then
		[ "$pair_id" = "$4" ] || give_up "there is another pair in $1 by now; nothing was done"
		fault_cert_make "$5"
	fi
	pem_read_file "$pair_cert"
	deploy_new=$pair_id fault_print=$pem_print
	nginx_tested
	[ "$nginx_test" = ok ] || cert_deploy_fail "nginx refuses the pair: $nginx_why"
	nginx_reloaded >&2 || cert_deploy_fail "nginx cannot be told to reload"
	cert_deploy_awaits "$fault_print" || cert_deploy_fail "it is not served within $deploy_within s"
	echo "$pem_serial"
}

# fault_cert_make DAYS: build the pair, keep the one that is there, and turn to the new one. Sets pair_id.
fault_cert_make() {
	pem_read_file "$pair_cert"
	fault_names='' fault_rest=$pem_names,
	while [ -n "${fault_rest#,}" ]; do
		fault_one=${fault_rest%%,*}
		fault_rest=${fault_rest#*,}
		case $fault_one in
		*:*) fault_names=$fault_names,IP:$fault_one ;;
		*[!0-9.]*) fault_names=$fault_names,DNS:$fault_one ;;
		*) fault_names=$fault_names,IP:$fault_one ;;
		esac
	done
	{ mkdir -p -m 755 .pairs && rm -rf .pairs/drill.new && mkdir -m 700 .pairs/drill.new; } || give_up "$pair_dir/.pairs cannot be written"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$1" -subj "/O=remedy drill" \
		-addext "subjectAltName=${fault_names#,}" -keyout .pairs/drill.new/key -out .pairs/drill.new/cert >/dev/null 2>&1 ||
		give_up "openssl cannot make a certificate; nothing was done"
	pair_adopt
	pair_build .pairs/drill.new/cert .pairs/drill.new/key
	: >".pairs/$pair_id/drill"
	rm -rf .pairs/drill.new
	pair_point "$pair_id"
}

# fault_cert_back DIR CERT KEY OLD PROJECT SERVICE CONFIG HOST PORT NAME SECONDS
# The pair OLD is back where the drill's is there; any other one was put there by the remedy, and stays.
fault_cert_back() {
	pair_enter "$1" "$2" "$3"
	pair_id_of "$pair_cert" "$pair_key"
	if [ -e ".pairs/$pair_id/drill" ]; then
		cert_deploy_back "$1" "$2" "$3" "$pair_id" "$4" "$5" "$6" "$7" "$8" "$9" "${10}" "${11}"
	elif [ "$pair_id" = "$4" ]; then
		cert_deploy_back "$1" "$2" "$3" none "$4" "$5" "$6" "$7" "$8" "$9" "${10}" "${11}"
	fi
	for fault_kept in .pairs/*/drill; do
		[ -e "$fault_kept" ] || continue
		fault_kept=${fault_kept%/drill}
		[ "$(readlink .pair)" = "$fault_kept" ] || rm -rf -- "$fault_kept"
	done
}
