# shellcheck shell=bash
# The name constraints of the issuer exclude the address, written with other capitals.
# expect status untrusted
# expect auth_method smtp
# expect reasons untrusted_issuer
# expect layers multipart/signed
# witness verify openssl
text | clear_signed alice-excluded -certfile "$PKI/middle-excluding.pem" | post
