#!/bin/sh
# Makes the throw-away keys of this directory afresh. They open nothing anywhere.
# Needs OpenSSL 3 (with its legacy provider, for two old encryptions) and ssh-keygen.
set -eu
cd "$(dirname "$0")"

# Each file says what it is: text before the first block is part of the form.
mark() {
    for file in "$@"; do
        { echo "Throw-away test key. It opens nothing."; cat "$file"; } > "$file.marked"
        mv "$file.marked" "$file"
    done
}

rsa() {
    openssl genrsa "$@" 2>/dev/null
}

rsa 2048 > pkcs8.pem
rsa -traditional 2048 > other-pkcs1.pem
rsa 3072 > pkcs8-3072.pem
rsa 4096 > pkcs8-4096.pem
rsa 1024 > small.pem
rsa 2560 > odd-size.pem
rsa -3 2048 > exponent-3.pem
rsa -primes 3 2048 > three-primes.pem
openssl rsa -in pkcs8.pem -traditional -out pkcs1.pem 2>/dev/null
openssl rsa -in pkcs8.pem -pubout -out public.pem 2>/dev/null
openssl rsa -in pkcs8.pem -RSAPublicKey_out -out public-pkcs1.pem 2>/dev/null
openssl req -x509 -new -key pkcs8.pem -days 36500 -out certificate.pem \
    -subj "/O=throw-away/OU=opc-certtype:instance/OU=opc-tenant:ocid1.tenancy.oc1..throwaway/CN=test"
printf '[req]\ndistinguished_name=name\nstring_mask=nombstr\n[name]\n' > request.conf
openssl req -x509 -new -key pkcs8.pem -days 36500 -out certificate-old.pem -config request.conf \
    -subj "/OU=opc-identity:ocid1.tenancy.oc1..older/CN=test"
rm request.conf
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.pem 2>/dev/null
openssl genpkey -algorithm ed25519 -out ed25519.pem
openssl ecparam -name prime256v1 -genkey -out ec-traditional.pem
openssl pkcs8 -topk8 -nocrypt -in ec-traditional.pem -out ec.pem
cp pkcs1.pem openssh.pem && chmod 600 openssh.pem && ssh-keygen -q -p -N "" -f openssh.pem && chmod 644 openssh.pem

# The passphrase has a space at each end: it counts.
encrypt() {
    name=$1
    shift
    openssl pkcs8 -topk8 -in pkcs8.pem -passout "pass: let me in " -out "$name.pem" "$@"
}
encrypt pbes2-sha1-aes128 -v2 aes-128-cbc -v2prf hmacWithSHA1
encrypt pbes2-sha256-aes192 -v2 aes-192-cbc -v2prf hmacWithSHA256
encrypt pbes2-sha256-aes256 -v2 aes-256-cbc -v2prf hmacWithSHA256
encrypt pbes2-sha512-aes256 -v2 aes-256-cbc -v2prf hmacWithSHA512
encrypt pbes2-sha1-des3 -v2 des-ede3-cbc -v2prf hmacWithSHA1
encrypt pbes2-scrypt-aes256 -scrypt
encrypt pbes2-camellia -v2 camellia-256-cbc
encrypt pbes1-md5-des -v1 PBE-MD5-DES -provider legacy -provider default
encrypt pkcs12-sha1-des3 -v1 PBE-SHA1-3DES

traditional() {
    openssl rsa -traditional "-$1" -in pkcs8.pem -passout "pass: let me in " -out "traditional-$1.pem" $2 2>/dev/null
}
traditional aes128 ""
traditional aes192 ""
traditional aes256 ""
traditional des3 ""
traditional des "-provider legacy -provider default"

mark *.pem

# What OpenSSL says of them, for the tests to compare.
{
    echo "fingerprint $(openssl rsa -in pkcs8.pem -pubout -outform DER 2>/dev/null | openssl md5 -c | sed 's/.*= *//')"
    echo "spki $(openssl rsa -in pkcs8.pem -pubout -outform DER 2>/dev/null | base64 -w0)"
    echo "modulus $(openssl rsa -in pkcs8.pem -noout -modulus | sed 's/.*=//')"
    echo "signature $(printf 'date: today' | openssl dgst -sha256 -sign pkcs8.pem | base64 -w0)"
    echo "certificate-sha1 $(openssl x509 -in certificate.pem -noout -fingerprint -sha1 | sed 's/.*=//')"
    echo "certificate-sha256 $(openssl x509 -in certificate.pem -noout -fingerprint -sha256 | sed 's/.*=//')"
    echo "certificate-body $(openssl x509 -in certificate.pem -outform DER | base64 -w0)"
    echo "certificate-not-after $(date +%s -d "$(openssl x509 -in certificate.pem -noout -enddate | sed 's/.*=//')")"
} > facts.txt
