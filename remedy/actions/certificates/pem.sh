# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used in the files after this one
# Certificates and keys in PEM files, read by openssl (1.1.1 and newer). Nothing of a private key is ever printed.

# Lines of `openssl x509` as lines `KEY VALUE`: print (SHA-256), serial, begins, ends (seconds since 1970), issuer (its
# organization, else its name), names (sorted, joined by commas) and key (the public one).
# shellcheck disable=SC2016 # awk's own words
pem_awk='
function epoch(t,   w, c, m, y, d) {
	split(t, w, " "); split(w[3], c, ":")
	m = int((index("JanFebMarAprMayJunJulAugSepOctNovDec", w[1]) + 2) / 3); y = w[4] + 0
	if (m <= 2) { y--; m += 12 }
	d = w[2] + 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) - 719469
	return sprintf("%.0f", d * 86400 + c[1] * 3600 + c[2] * 60 + c[3])
}
function value() { sub(/^[^=]*= ?/, ""); return $0 }
function add(name,   i, was) {
	name = tolower(name)
	for (i = 1; i <= count; i++) {
		if (all[i] == name) return
		if (all[i] > name) { was = all[i]; all[i] = name; name = was }
	}
	all[++count] = name
}
/^-----BEGIN PUBLIC/ { inside = 1; next }
/^-----END PUBLIC/ { inside = 0; next }
inside { key = key $0; next }
/^[A-Za-z0-9]+ Fingerprint=/ { $0 = tolower(value()); gsub(/:/, ""); print "print " $0; next }
/^serial=/ { print "serial " value(); next }
/^notBefore=/ { print "begins " epoch(value()); next }
/^notAfter=/ { print "ends " epoch(value()); next }
/^ +O ?=/ { organization = value(); next }
/^ +CN ?=/ { common = value(); next }
/(DNS|IP Address):/ {
	n = split($0, parts, ",")
	for (i = 1; i <= n; i++) if (sub(/^ *(DNS|IP Address):/, "", parts[i])) add(parts[i])
}
END {
	for (i = 1; i <= count; i++) names = names (i > 1 ? "," : "") all[i]
	print "issuer " (organization != "" ? organization : common)
	print "names " names
	print "key " key
}'

# pem_read: set pem_print, pem_serial, pem_begins, pem_ends, pem_issuer, pem_names and pem_key from the first certificate on
# standard input; pem_print is "" where there is none.
pem_read() {
	pem_print='' pem_serial='' pem_begins=0 pem_ends=0 pem_issuer='' pem_names='' pem_key=''
	pem_said=$(openssl x509 -noout -fingerprint -sha256 -serial -issuer -nameopt sep_multiline,sname,utf8,esc_ctrl \
		-startdate -enddate -ext subjectAltName -pubkey 2>/dev/null | awk "$pem_awk") || give_up "awk failed"
	while read -r pem_word pem_value; do
		case $pem_word in
		print) pem_print=$pem_value ;;
		serial) pem_serial=$pem_value ;;
		begins) pem_begins=$pem_value ;;
		ends) pem_ends=$pem_value ;;
		issuer) pem_issuer=$pem_value ;;
		names) pem_names=$pem_value ;;
		key) pem_key=$pem_value ;;
		esac
	done <<-END
		$pem_said
	END
}

# pem_read_file FILE: the same of a file; "" also where it cannot be read.
pem_read_file() {
	if [ -r "$1" ] && [ -f "$1" ]; then pem_read <"$1"; else pem_read </dev/null; fi
}

# pem_key_is FILE KEY: set pem_pair to ok, differs, or none (no private key that can be read without a password).
pem_key_is() {
	pem_pair=none pem_public=''
	[ -r "$1" ] && [ -f "$1" ] || return 0
	pem_said=$(openssl pkey -passin pass: -pubout 2>/dev/null <"$1") || return 0
	while read -r pem_line; do
		case $pem_line in -----*) ;; *) pem_public=$pem_public$pem_line ;; esac
	done <<-END
		$pem_said
	END
	pem_pair=differs
	[ "$pem_public" != "$2" ] || pem_pair=ok
}

# pem_chain_of FILE CA: set pem_chain to ok or broken, and pem_why: whether the certificates of a file lead to a root that the
# host trusts, or that is in the file CA. Times are not looked at.
pem_chain_of() {
	pem_chain=broken
	if [ -n "$2" ]; then
		pem_why=$(SSL_CERT_DIR=/nonexistent openssl verify -no_check_time -CAfile "$2" -untrusted "$1" "$1" 2>&1 </dev/null)
	else
		pem_why=$(openssl verify -no_check_time -untrusted "$1" "$1" 2>&1 </dev/null)
	fi && pem_chain=ok
	case $pem_chain:$pem_why in
	ok:*) pem_why='' ;;
	*" lookup: "*)
		pem_why=${pem_why#*" lookup: "}
		pem_why=${pem_why%%"
"*}
		;;
	*) pem_why="it cannot be verified" ;;
	esac
}

# pem_lost HAVE WANTED: set pem_missing to those of WANTED (joined by commas) that no name of HAVE covers. A name with a star
# covers one label.
pem_lost() {
	pem_missing='' pem_rest=$2,
	while [ -n "${pem_rest#,}" ]; do
		pem_one=${pem_rest%%,*}
		pem_rest=${pem_rest#*,}
		case ",$1," in
		*",$pem_one,"* | *",*.${pem_one#*.},"*) ;;
		*) pem_missing=${pem_missing:+$pem_missing,}$pem_one ;;
		esac
	done
}

# pem_said_as NAME: the evidence lines of what was read last.
pem_said_as() {
	printf '%s_serial %s\n%s_begins %s\n%s_ends %s\n%s_issuer %s\n' \
		"$1" "$pem_serial" "$1" "$pem_begins" "$1" "$pem_ends" "$1" "$pem_issuer"
}

# pem_served HOST PORT NAME SECONDS CA: the certificate that is served there, asked for by NAME; sets pem_print and the rest,
# pem_chain and pem_why. pem_print is "" where no handshake came about, and pem_why says why.
pem_served() {
	pem_where=$1:$2
	case $1 in *:*) pem_where="[$1]:$2" ;; esac
	pem_trust=$5 pem_limit=$4
	if [ -n "$3" ]; then set -- -servername "$3"; else set -- -noservername; fi
	if [ -n "$pem_trust" ]; then set -- "$@" -CAfile "$pem_trust"; fi
	pem_answer=$(
		[ -z "$pem_trust" ] || { SSL_CERT_DIR=/nonexistent && export SSL_CERT_DIR; }
		timeout "$pem_limit" openssl s_client -no_check_time -connect "$pem_where" "$@" 2>&1 </dev/null
	)
	pem_read <<-END
		$pem_answer
	END
	pem_chain=broken pem_why=''
	case $pem_answer in
	*"Verify return code: 0 "*) pem_chain=ok ;;
	*"Verify return code: "*)
		pem_why=${pem_answer##*"Verify return code: "}
		pem_why=${pem_why#*"("}
		pem_why=${pem_why%%")"*}
		;;
	esac
	[ -z "$pem_print" ] || return 0
	case $pem_answer in
	*"onnection refused"*) pem_why="connection refused" ;;
	*) pem_why="no handshake within $pem_limit s" ;;
	esac
}
