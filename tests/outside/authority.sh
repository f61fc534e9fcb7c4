#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A time stamp authority for the tests, made with openssl alone.
# usage: authority.sh DIR: makes DIR/ca.pem (the root), DIR/<kind>.{pem,key,cnf}
# for the kinds good, other (of another root: other-ca.pem), expired, future,
# web (not for time stamps), soft (purpose not critical), short (a key of its
# own under good's root).
set -eu
dir=$1
mkdir -p "$dir"
cd "$dir"

root() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
		-days 36500 -subj "/O=Test only/CN=Root $1" -addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
}

# KIND ROOT EXTENSION [FROM TO]
signer() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/O=Test only/CN=Authority $1" 2>/dev/null
	printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n%s\n' "$3" >"$1.ext"
	: >"$1.index"
	printf '%s\n' 01 >"$1.serial"
	cat >"$1.ca" <<-END
	[ca]
	default_ca = x
	[x]
	database = $1.index
	serial = $1.serial
	new_certs_dir = .
	default_md = sha256
	policy = any
	unique_subject = no
	[any]
	organizationName = optional
	commonName = supplied
	END
	openssl ca -batch -config "$1.ca" -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" -out "$1.pem" -notext \
		-extfile "$1.ext" -startdate "${4:-20200101000000Z}" -enddate "${5:-20991231235959Z}" 2>/dev/null
	printf '%s\n' 01 >"$1.tsaserial"
	cat >"$1.cnf" <<-END
	[tsa]
	default_tsa = t
	[t]
	serial = $PWD/$1.tsaserial
	signer_cert = $PWD/$1.pem
	signer_key = $PWD/$1.key
	signer_digest = sha256
	default_policy = 1.2.3.4.1
	other_policies = 1.2.3.4.5
	digests = sha256, sha512
	accuracy = secs:1, millisecs:500
	ess_cert_id_alg = sha256
	END
}

root ca
root other-ca
signer good ca 'extendedKeyUsage=critical,timeStamping'
signer second ca 'extendedKeyUsage=critical,timeStamping'
signer other other-ca 'extendedKeyUsage=critical,timeStamping'
signer expired ca 'extendedKeyUsage=critical,timeStamping' 20200101000000Z 20210101000000Z
signer future ca 'extendedKeyUsage=critical,timeStamping' 20900101000000Z 20990101000000Z
