#!/bin/sh
# Makes the certificates and keys of this directory anew: kinds that the Rust tests cannot make for
# themselves. Test data, worth nothing anywhere else. Needs OpenSSL 3. Valid for a century.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days=36500

# A root and an intermediate; their keys are thrown away.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/root.key" -subj "/CN=certrotd test root" \
    -days $days -addext basicConstraints=critical,CA:TRUE -out root.pem
openssl req -new -newkey rsa:2048 -nodes -keyout "$work/int.key" \
    -subj "/CN=certrotd test intermediate" -out "$work/int.csr"
echo "basicConstraints=critical,CA:TRUE" >"$work/ca.ext"
openssl x509 -req -in "$work/int.csr" -CA root.pem -CAkey "$work/root.key" -CAcreateserial \
    -CAserial "$work/serial" -days $days -extfile "$work/ca.ext" -out intermediate.pem

# leaf NAME KEY [option of x509 ...]: a leaf with this key under the intermediate.
echo "subjectAltName=DNS:www.example.com,DNS:example.com,IP:192.0.2.1,IP:2001:db8::1" >"$work/leaf.ext"
leaf() {
    name=$1 key=$2
    shift 2
    openssl req -new -key "$key" -subj "/O=certrotd test data/CN=www.example.com" -out "$work/leaf.csr"
    openssl x509 -req -in "$work/leaf.csr" -CA intermediate.pem -CAkey "$work/int.key" \
        -CAserial "$work/serial" -days $days -extfile "$work/leaf.ext" -out "$name.pem" "$@"
}

# One RSA key in every framing.
openssl genrsa -out "$work/rsa.key" 2048
openssl pkey -in "$work/rsa.key" -out rsa.pkcs8.key
openssl rsa -in "$work/rsa.key" -traditional -out rsa.pkcs1.key
openssl pkcs8 -topk8 -in "$work/rsa.key" -passout pass:test -out rsa.encrypted.key
openssl rsa -in "$work/rsa.key" -traditional -aes256 -passout pass:test -out rsa.legacy-encrypted.key
leaf rsa rsa.pkcs8.key
leaf rsa-sha1 rsa.pkcs8.key -sha1
leaf rsa-md5 rsa.pkcs8.key -md5
openssl x509 -in rsa.pem -trustout -out rsa-trusted.pem
# Version 1: no extensions.
openssl req -new -key rsa.pkcs8.key -subj "/CN=www.example.com" -out "$work/v1.csr"
openssl x509 -req -in "$work/v1.csr" -CA intermediate.pem -CAkey "$work/int.key" \
    -CAserial "$work/serial" -days $days -out rsa-v1.pem

# One ECDSA key likewise; `ecparam` writes its parameters before the key.
openssl ecparam -name prime256v1 -genkey -out ec.sec1.key
openssl pkey -in ec.sec1.key -out ec.pkcs8.key
openssl ec -in ec.sec1.key -no_public -out ec.sec1-without-public.key
leaf ec ec.pkcs8.key

# Taken, and refused by kind.
for kind in ED25519 ED448; do
    name=$(echo $kind | tr '[:upper:]' '[:lower:]')
    openssl genpkey -algorithm $kind -out "$name.key"
    leaf "$name" "$name.key"
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out secp256k1.key
openssl genpkey -algorithm SM2 -out sm2.key
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa1024.key
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.key
for name in p384 p521 secp256k1 sm2 rsa1024 rsa-pss; do leaf $name $name.key; done

# Authorities: too weak, of kinds that are no leaf's, and of version 1. Their keys are thrown away.
# authority NAME KEY OPTION...: one that signed itself, with this key.
authority() {
    name=$1 key=$2
    shift 2
    openssl req -x509 -key "$key" -subj "/CN=certrotd test $name" -days $days -out "$name.pem" "$@"
}
constraints="basicConstraints=critical,CA:TRUE"
authority ca-rsa1024 rsa1024.key -addext $constraints
authority ca-p521 p521.key -addext $constraints
authority ca-sm2 sm2.key -addext $constraints
authority ca-sha1 rsa.pkcs8.key -sha1 -addext $constraints
openssl req -new -key rsa.pkcs8.key -subj "/CN=certrotd test ca-v1" -out "$work/v1.csr"
openssl x509 -req -in "$work/v1.csr" -signkey rsa.pkcs8.key -days $days -out ca-v1.pem
openssl req -new -key p384.key -subj "/CN=certrotd test ca-sha1-issued" -out "$work/sha1.csr"
openssl x509 -req -in "$work/sha1.csr" -CA ca-sha1.pem -CAkey rsa.pkcs8.key -sha1 -CAserial "$work/serial" \
    -CAcreateserial -days $days -extfile "$work/ca.ext" -out ca-sha1-issued.pem
