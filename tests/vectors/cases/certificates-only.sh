# shellcheck shell=bash
# A bag of certificates is no signature.
# expect status none
# expect auth_method smtp
# expect reasons no_signers
# expect layers signed-data
# witness no-verify
openssl crl2pkcs7 -nocrl -certfile "$PKI/alice.pem" -outform DER | cms_entity certs-only application/pkcs7-mime smime.p7c | post
