# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in pem.sh
# Looks at certificates: in a file, and as they are served. Nothing is written, nothing of a private key is printed.

# tls_file FILE KEY NAMES CHAIN CA DAYS
#   KEY "" asks for none; NAMES are joined by commas; CHAIN is `chain` or "".
tls_file() {
	need openssl awk stat
	[ -e "$1" ] || give_up "there is no $1"
	[ -r "$1" ] || give_up "$1 cannot be read"
	pem_read_file "$1"
	[ -n "$pem_print" ] || give_up "$1 holds no certificate"
	tls_key=not-asked
	if [ -n "$2" ]; then
		pem_key_is "$2" "$pem_key"
		tls_key=$pem_pair
		[ "$tls_key" != ok ] || case $(stat -L -c %a -- "$2") in *0) ;; *) tls_key=open ;; esac
	fi
	pem_chain=not-asked pem_why=''
	[ -z "$4" ] || pem_chain_of "$1" "$5"
	tls_told "$3" "$6"
	echo "key $tls_key"
	tls_facts
}

# tls_served HOST PORT NAME SECONDS CHAIN CA NAMES FILE DAYS
#   FILE is one whose certificate must be the served one, or "".
tls_served() {
	need openssl awk timeout
	tls_same=not-asked tls_wanted=''
	if [ -n "$8" ]; then
		pem_read_file "$8"
		[ -n "$pem_print" ] || give_up "$8 holds no certificate that can be read"
		tls_wanted=$pem_print
	fi
	pem_served "$1" "$2" "$3" "$4" "$6"
	if [ -z "$pem_print" ]; then
		printf 'cert none\n--\nwhy %s\n' "$pem_why"
		return
	fi
	[ -n "$5" ] || pem_chain=not-asked
	if [ -n "$8" ]; then if [ "$pem_print" = "$tls_wanted" ]; then tls_same=yes; else tls_same=no; fi; fi
	tls_told "$7" "$9"
	echo "same $tls_same"
	tls_facts
}

# The ground that both share: identity and bands.
tls_told() {
	tls_left=$((pem_ends - now))
	if [ "$tls_left" -lt 0 ]; then
		tls_band=over
	elif [ "$now" -lt "$pem_begins" ] && [ "$(date +%s)" -lt "$pem_begins" ]; then # one of a moment ago is valid
		tls_band=early
	elif [ "$tls_left" -lt "$(($2 * 86400))" ]; then
		tls_band=few
	else
		tls_band=enough
	fi
	pem_lost "$pem_names" "$1"
	printf 'cert %s\ndays %s\nchain %s\nmissing %s\n' "$pem_print" "$tls_band" "$pem_chain" "${pem_missing:-none}"
}

tls_facts() {
	echo "--"
	pem_said_as cert
	printf 'left %s\nnames %s\nwhy %s\n' "$tls_left" "${pem_names:-none}" "$pem_why"
}
